-- length and case
SELECT instance_tag, length(instance_tag) AS n, upper(instance_tag) AS up, lower(instance_tag) AS low, reverse(instance_tag) AS back FROM vpc_flow_logs WHERE interface_id = 'eni-00000000000000abc' ORDER BY instance_tag

-- substr
SELECT substr('abcdef', 2), substr('abcdef', 2, 3), substring('abcdef', -2), substr('abcdef', 0), substr('abc', 5), substring('abcdef' FROM 3 FOR 2), substr('日本語', 2, 1)

-- position
-- differs: rarer functions
SELECT position('c' IN 'abcabc'), strpos('abcabc', 'c'), strpos('abcabc', 'x'), strpos('abcabc', 'c', 2), strpos('abc', '')

-- trim
-- differs: rarer functions
SELECT trim('  a b '), ltrim('  a'), rtrim('a  ') || '|', trim(LEADING '0' FROM '007'), trim(BOTH 'x' FROM 'xxaxx'), trim(TRAILING FROM 'a  ') || '|', ltrim('xxa', 'x')

-- pads
SELECT lpad('7', 3, '0'), rpad('7', 3, 'ab'), lpad('1234', 2, '0'), rpad('ab', 4, ' ') || '|', lpad(CAST(dstport AS varchar), 5, '0') FROM vpc_flow_logs WHERE dstport = 443 AND day = '15' LIMIT 1

-- lpad without filling
-- refused
SELECT lpad('7', 3, '')

-- replace
SELECT replace('a.b.c', '.', '-'), replace('abc', 'b'), replace('aaa', 'aa', 'b'), replace('abc', '', 'x'), translate('abcd', 'ac', 'xy')

-- split
SELECT split('a,b,,c', ','), split('abc', ','), split('', ','), split('a,b,c', ',', 2)

-- split of tags
SELECT instance_tag, split(instance_tag, ',')[1] AS first, cardinality(split(instance_tag, ',')) AS n FROM vpc_flow_logs WHERE interface_id = 'eni-00000000000000abc' ORDER BY instance_tag

-- a field that is not there
-- refused
SELECT split('a,b', ',')[3]

-- element_at beyond the end
SELECT element_at(split('a,b', ','), 3), element_at(split('a,b', ','), -1), element_at(split('a,b', ','), 2)

-- split_part
SELECT split_part('a.b.c', '.', 2), split_part('a.b.c', '.', 4), split_part('a..c', '.', 2), split_part('abc', '.', 1)

-- split_part from the end
-- refused
SELECT split_part('a.b.c', '.', -1)

-- octets of addresses
SELECT srcaddr, split_part(srcaddr, '.', 1) AS a, split_part(srcaddr, '.', 4) AS d, count(*) FROM vpc_flow_logs WHERE day = '16' GROUP BY 1, 2, 3 ORDER BY 1

-- split_to_map
-- differs: rarer functions of maps, rows and JSON
SELECT split_to_map('a=1,b=2', ',', '=')

-- like
SELECT instance_tag FROM vpc_flow_logs WHERE day = '15' AND interface_id = 'eni-00000000000000abc' AND (instance_tag LIKE 'a%' OR instance_tag LIKE '_b_') ORDER BY 1

-- like with escape
SELECT instance_tag FROM vpc_flow_logs WHERE day = '15' AND interface_id = 'eni-00000000000000abc' AND instance_tag LIKE '%!%%' ESCAPE '!' ORDER BY 1

-- a backslash is no escape
SELECT 'a%b' LIKE 'a\%b', 'a\xb' LIKE 'a\%b', 'a_b' LIKE 'a\_b'

-- not like
SELECT DISTINCT srcaddr FROM vpc_flow_logs WHERE day = '15' AND srcaddr NOT LIKE '10.%' AND srcaddr NOT LIKE '%:%' AND srcaddr <> '-' ORDER BY srcaddr

-- like of a number
-- refused
SELECT count(*) FROM vpc_flow_logs WHERE dstport LIKE '4%'

-- ilike is not there
-- refused
SELECT count(*) FROM vpc_flow_logs WHERE srcaddr ILIKE 'FD00%'

-- starts_with
SELECT starts_with('abc', 'ab'), starts_with('abc', ''), count(*) FROM vpc_flow_logs WHERE day = '15' AND starts_with(srcaddr, '10.')

-- names of other engines
-- refused
SELECT count(*) FROM vpc_flow_logs WHERE startswith(srcaddr, '10.')

-- ends_with is not there
-- refused
SELECT count(*) FROM vpc_flow_logs WHERE ends_with(srcaddr, '.5')

-- concat of several
SELECT concat(srcaddr, ':', CAST(srcport AS varchar)) AS source, srcaddr || ' -> ' || dstaddr AS way FROM vpc_flow_logs WHERE day = '16' AND srcport IS NOT NULL ORDER BY 1, 2 LIMIT 5

-- concat of a number
-- refused
SELECT concat(srcaddr, ':', srcport) FROM vpc_flow_logs WHERE day = '16'

-- two bars with a number
-- refused
SELECT srcaddr || ':' || srcport FROM vpc_flow_logs WHERE day = '16'

-- concat_ws
SELECT concat_ws('-', 'a', NULL, 'b', '')

-- concat_ws of an array
-- differs: NULL within `array_max`
SELECT concat_ws(',', ARRAY['x', 'y'])

-- quotes in texts
-- differs: rarer functions
SELECT 'it''s', '"', chr(65), codepoint('A')

-- escapes in texts
-- differs: rarer functions
SELECT U&'\00e9'

-- escapes of URLs
SELECT url_decode(instance_tag) AS tag, count(*) FROM vpc_flow_logs WHERE interface_id = 'eni-00000000000000abc' AND instance_tag LIKE '%\%__%' ESCAPE '\' GROUP BY 1 ORDER BY 1

-- escapes of URLs that are none
-- refused
SELECT url_decode(instance_tag) FROM vpc_flow_logs WHERE interface_id = 'eni-00000000000000abc' AND instance_tag = '_x%'

-- url_encode
-- differs: rarer functions
SELECT url_encode('a b&c=ü'), url_decode('a+b%20c')

-- parts of URLs
-- differs: rarer functions
SELECT url_extract_host('https://example.com:8080/x?y=1'), url_extract_path('https://example.com/x?y=1'), url_extract_parameter('https://example.com/x?y=1', 'y')

-- comparing texts
SELECT 'a' < 'b', 'B' < 'a', '10' < '9', '' < 'a', 'ä' > 'z', 'abc' = 'abc ', 'a' <> 'A'

-- keys are compared as texts
SELECT DISTINCT day FROM vpc_flow_logs WHERE day > '15' AND day < '3' ORDER BY day

-- key in a list
SELECT year, month, day, count(*) FROM vpc_flow_logs WHERE year || month || day IN ('20260115', '20251231') GROUP BY 1, 2, 3 ORDER BY 1, 2, 3

-- account with zeros in front
SELECT aws_account_id, count(*) FROM vpc_flow_logs WHERE aws_account_id = '000000000042' GROUP BY aws_account_id

-- normalize and to_utf8
-- differs: rarer functions
SELECT to_utf8('aä'), from_utf8(to_utf8('aä')), length(to_utf8('aä')), to_hex(to_utf8('aä')), from_utf8(from_hex('6162'))

-- hashes
SELECT to_hex(md5(to_utf8('abc'))), to_hex(sha1(to_utf8('abc'))), to_hex(sha256(to_utf8('abc'))), to_hex(sha512(to_utf8('abc')))

-- md5 of a text
-- refused
SELECT md5('abc')

-- hashes of columns
SELECT lower(to_hex(sha256(to_utf8(srcaddr)))) AS masked, count(*) FROM vpc_flow_logs WHERE day = '16' GROUP BY 1 ORDER BY 1

-- base64
SELECT to_base64(to_utf8('abc')), from_utf8(from_base64('YWJj'))

-- crc32 and xxhash64
-- differs: rarer functions
SELECT crc32(to_utf8('abc')), to_hex(xxhash64(to_utf8('abc')))

-- distances of texts
-- differs: rarer functions
SELECT levenshtein_distance('kitten', 'sitting'), hamming_distance('abc', 'abd')

-- soundex
-- differs: rarer functions
SELECT soundex('Robert')

-- format
SELECT format('%s:%d', 'a', 15), format('%05d', 42), format('%.2f', 3.14159e0), format('%,d', 1234567), format('%x', 255), format('%s', DATE '2026-01-15'), format('%5s|%-5s|', 'a', 'b')

-- format of columns
SELECT format('%s -> %s:%s', srcaddr, dstaddr, dstport) AS flow FROM vpc_flow_logs WHERE day = '16' AND dstport = 443 ORDER BY 1

-- format_number
-- differs: rarer functions
SELECT format_number(1234567), format_number(123)

-- repeat of a text gives an array
SELECT repeat('a', 3)

-- text of a null
SELECT length(NULL), upper(NULL), substr(CAST(NULL AS varchar), 1), concat('a', CAST(NULL AS varchar)), replace('a', 'a', NULL)

-- substr of NULL itself
-- refused
SELECT substr(NULL, 1)

-- casts in a text
SELECT CAST(bytes AS varchar) || ' bytes' AS t FROM vpc_flow_logs WHERE interface_id = 'eni-00000000000000abc' AND bytes > 1000000000 ORDER BY bytes

-- json
SELECT json_extract_scalar(instance_tag, '$.team'), json_extract_scalar(instance_tag, '$.n'), json_extract_scalar(instance_tag, '$.list[1]'), json_extract_scalar(instance_tag, '$.none') FROM vpc_flow_logs WHERE interface_id = 'eni-00000000000000abc' AND instance_tag LIKE '{%'

-- json of what is none
SELECT json_extract_scalar('x', '$.a')

-- json arrays
SELECT json_array_length('[1,2,3]'), json_extract_scalar('{"a":{"b":true}}', '$.a.b')

-- more of json
-- differs: rarer functions of maps, rows and JSON
SELECT json_array_get('["a","b"]', 1), json_size('{"a":1,"b":2}', '$')

-- json_extract and format
SELECT json_format(json_extract('{"a":{"b":[1,2]}}', '$.a')), CAST(json_extract('{"n":5}', '$.n') AS integer), json_format(JSON '{"x":1}')

-- word functions
-- differs: rarer functions
SELECT word_stem('running')

-- check digits
-- differs: rarer functions
SELECT luhn_check('79927398713')

-- greatest of texts
SELECT max(srcaddr), min(srcaddr), greatest('10.0.0.9', '10.0.0.10'), max(length(srcaddr)) FROM vpc_flow_logs WHERE day = '15'

-- text in double quotes is a column
-- refused
SELECT count(*) FROM vpc_flow_logs WHERE srcaddr = "10.0.0.5"

-- steps of json paths
SELECT json_extract_scalar('{"a b": [{"c": 1.50}, null, "x", false, 1e5]}', '$["a b"][0].c'), json_extract_scalar('{"a":[1,2]}', '$.a[5]'), json_extract_scalar('{"a":[1,2]}', '$.a'), json_extract_scalar('{"a":null}', '$.a'), json_extract_scalar('{"a":"q\"uote"}', '$.a'), json_extract_scalar('[false]', '$[0]'), json_extract_scalar('"text"', '$')

-- json paths that are none
-- refused
SELECT json_extract_scalar('{"a":1}', 'a.')

-- json of columns
SELECT DISTINCT json_array_length(instance_tag), json_extract_scalar(instance_tag, '$.team') FROM vpc_flow_logs WHERE interface_id = 'eni-00000000000000abc' ORDER BY 1, 2

-- json_array_length of other things
SELECT json_array_length('{}'), json_array_length('x'), json_array_length('[]'), json_array_length(NULL), json_array_length('[1, [2, 3]]')

-- json_extract
SELECT json_extract('{"b": {"y": "z", "x": [1,  2]}}', '$.b'), json_extract('{"b": "text"}', '$.b'), json_extract('no json', '$.b'), json_extract('{"b": null}', '$.b'), json_extract('{"b": 1}', '$.c')

-- json_parse and casts
SELECT json_parse(' {"b": 1, "a": [true, null]} '), json_format(json_parse('"x"')), CAST(json_parse('"x"') AS varchar), CAST(json_parse('17') AS bigint), CAST(json_parse('1.5') AS double), CAST(json_parse('true') AS boolean), CAST(json_parse('null') AS varchar), CAST(json_extract('{"a": "5"}', '$.a') AS varchar)

-- json_parse of none
-- refused
SELECT json_parse('{')

-- json is no text
-- refused
SELECT lower(json_extract('{"a":"B"}', '$.a'))

-- json beside a text
-- refused
SELECT json_extract('{"a":"B"}', '$.a') = 'B'

-- json and a text joined
-- refused
SELECT json_extract('{"a":"B"}', '$.a') || 'x'

-- numbers of json
SELECT json_extract('{"a": 1.50}', '$.a'), json_parse('1.50'), json_parse('12345678901234567890'), json_extract('[1e2]', '$[0]'), json_parse('1e2'), json_parse('1e10'), json_extract('{"a":"\u00e9\/"}', '$.a')

-- sizes of json
SELECT json_size('{"a":1,"b":2}', '$'), json_size('{"a":[1,2,3]}', '$.a'), json_size('{"a":1}', '$.a'), json_size('{"a":1}', '$.b')

-- format rounds half up
SELECT format('%.0f', 2.5e0), format('%.1f', 0.25e0), format('%.2f', 2.675e0), format('%.2f', 9.995e0), format('%.0f', 0.4e0), format('%,.1f', 1234567.25e0), format('%.3f', 1e-5), format('%08.2f', -1.005e0), format('%.2f', 1e15), format('%f', nan())

-- format of column values
SELECT format('%.2f', bytes / 8e0), format('%.0f', bytes / 8e0) FROM vpc_flow_logs WHERE day = '15' AND bytes IS NOT NULL ORDER BY 1, 2

-- pads that fail
-- refused
SELECT rpad(action, 9, '') FROM vpc_flow_logs WHERE day = '16'

-- pads of no length
-- refused
SELECT lpad('7', -1, '0')

-- pads want a filling
-- refused
SELECT lpad('7', 3)

-- pads of NULL
SELECT lpad(NULL, 3, '0'), lpad('7', NULL, '0'), TRY(lpad('7', 3, '')), lpad('', 2, 'ab'), rpad('abc', 0, ' ')

-- escapes of URLs that end too early
-- refused
SELECT url_decode('a%4')

-- escapes of URLs that have a sign
-- refused
SELECT url_decode('%+1')

-- escapes of URLs in try
SELECT TRY(url_decode('%zz')), TRY(url_decode('%')), url_decode('%C3%BC+%41'), url_decode('%ff'), url_decode(NULL)

-- substring of NULL
-- refused
SELECT substring(NULL FROM 1)

-- substring of a text that is NULL
SELECT substr(CAST(NULL AS varchar), 1), substr('abc', NULL), upper(NULL), length(NULL)

-- trim takes off all blanks
SELECT length(trim(chr(9) || ' a ' || chr(10))), length(ltrim(chr(9) || 'a ')), length(rtrim('a' || chr(12288))), trim(chr(13) || 'b'), trim('  a  '), length(trim(chr(160) || 'a'))
