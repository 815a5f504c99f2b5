-- regexp_like
SELECT DISTINCT srcaddr FROM vpc_flow_logs WHERE day = '15' AND regexp_like(srcaddr, '^(10|172)\.') ORDER BY srcaddr

-- regexp_like finds anywhere
SELECT regexp_like('1a 2b 14m', '\d+b'), regexp_like('abc', '^b'), regexp_like('', '^$'), regexp_like('ABC', '(?i)abc')

-- private addresses
SELECT count(*) FROM vpc_flow_logs WHERE day = '15' AND regexp_like(dstaddr, '^(10\.|192\.168\.|172\.(1[6-9]|2[0-9]|3[01])\.)')

-- regexp_extract
SELECT regexp_extract('1a 2b 14m', '\d+'), regexp_extract('1a 2b 14m', '(\d+)([a-z]+)', 2), regexp_extract('abc', '\d'), regexp_extract('10.0.0.5', '^(\d+\.\d+)\.', 1)

-- regexp_extract of a group that is not there
-- refused
SELECT regexp_extract('1a', '(\d)', 2)

-- networks by regexp_extract
SELECT regexp_extract(srcaddr, '^\d+\.\d+\.\d+') AS net, count(*) FROM vpc_flow_logs WHERE day = '15' GROUP BY 1 ORDER BY 2 DESC, 1

-- regexp_extract_all
SELECT regexp_extract_all('1a 2b 14m', '\d+'), regexp_extract_all('1a 2b 14m', '(\d+)([a-z]+)', 2), regexp_extract_all('abc', '\d')

-- regexp_replace
SELECT regexp_replace('1a 2b 14m', '\d+[ab] '), regexp_replace('1a 2b 14m', '(\d+)([ab]) ', '3c$2 '), regexp_replace('aaa', 'a', 'b'), regexp_replace('10.0.0.5', '\d+$', '0/24')

-- regexp_replace with a name
SELECT regexp_replace('2026-01-15', '(?<y>\d+)-(?<m>\d+)-(?<d>\d+)', '${d}.${m}.${y}')

-- a dollar that is none
SELECT regexp_replace('5 USD', 'USD', '\$')

-- regexp_replace with a lambda
-- differs: lambdas of two or more arguments, but those of `reduce`
SELECT regexp_replace('new york', '(\w)(\w*)', x -> upper(x[1]) || lower(x[2]))

-- regexp_split
SELECT regexp_split('1a 2b 14m', '\s*[a-z]+\s*'), regexp_split('a, b;c', '[,;] *')

-- regexp_count and position
SELECT regexp_count('1a 2b 14m', '\s*[a-z]+\s*'), regexp_position('I have 23 apples', '\d')

-- masks of the last octet
SELECT regexp_replace(srcaddr, '\.\d+$', '.0') AS net, sum(bytes) AS total FROM vpc_flow_logs WHERE day = '15' AND srcaddr LIKE '%.%' GROUP BY 1 ORDER BY 2 DESC, 1

-- classes and letters beyond ASCII
SELECT instance_tag FROM vpc_flow_logs WHERE interface_id = 'eni-00000000000000abc' AND regexp_like(instance_tag, '^\p{L}+$') ORDER BY 1

-- words are ASCII
SELECT regexp_extract_all('Zürich 日本', '\w+'), regexp_like('٣', '\d')

-- lines
SELECT regexp_like('a' || chr(10) || 'b', '^b'), regexp_like('a' || chr(10) || 'b', '(?m)^b'), regexp_like('a' || chr(10) || 'b', 'a.b'), regexp_like('a' || chr(10) || 'b', '(?s)a.b')

-- a pattern that is none
-- refused
SELECT regexp_like('a', '(')

-- a pattern that is NULL
SELECT regexp_like('a', NULL), regexp_extract(NULL, 'a'), regexp_replace('a', 'a', NULL)

-- look-around
-- differs: no look-around and no back references
SELECT regexp_like('abc', 'a(?=b)'), regexp_extract('price 15', '(?<=price )\d+')

-- back references
-- differs: no look-around and no back references
SELECT regexp_like('abab', '(ab)\1')

-- rlike is not there
-- refused
SELECT count(*) FROM vpc_flow_logs WHERE srcaddr RLIKE '^10'

-- similar to is not there
-- refused
SELECT count(*) FROM vpc_flow_logs WHERE srcaddr SIMILAR TO '10%'
