-- to integer rounds half away from zero
SELECT CAST(1.7e0 AS integer), CAST(2.5e0 AS bigint), CAST(-2.5e0 AS integer), CAST(1.5 AS integer), CAST(0.4e0 AS integer)

-- nan to integer
-- refused
SELECT CAST(nan() AS integer)

-- infinity to bigint
-- refused
SELECT CAST(infinity() AS bigint)

-- a large double to integer
-- refused
SELECT CAST(1e10 AS integer)

-- text to integer
SELECT CAST('15' AS integer), CAST('-7' AS bigint), CAST('007' AS integer), CAST('+5' AS integer)

-- text with blanks to integer
SELECT CAST(' 15 ' AS integer)

-- text with a fraction to integer
-- refused
SELECT CAST('1.5' AS integer)

-- empty text to integer
-- refused
SELECT CAST('' AS integer)

-- key to integer
SELECT CAST(day AS integer) AS d, count(*) FROM vpc_flow_logs WHERE CAST(year AS integer) = 2026 AND CAST(day AS integer) BETWEEN 15 AND 20 GROUP BY 1 ORDER BY 1

-- text to double
SELECT CAST('1.5' AS double), CAST('1e3' AS double), CAST('NaN' AS double), CAST('Infinity' AS double), CAST('-0' AS double)

-- text to boolean
SELECT CAST('true' AS boolean), CAST('FALSE' AS boolean), CAST('t' AS boolean), CAST('1' AS boolean), CAST('f' AS boolean)

-- another text to boolean
-- refused
SELECT CAST('yes' AS boolean)

-- numbers to boolean
SELECT CAST(1 AS boolean), CAST(0 AS boolean), CAST(2.0e0 AS boolean), CAST(true AS integer), CAST(false AS bigint), CAST(true AS double)

-- numbers to text
SELECT CAST(15 AS varchar), CAST(bytes AS varchar), CAST(-1 AS varchar) FROM vpc_flow_logs WHERE day = '15' AND bytes = 4375262

-- doubles to text
SELECT CAST(1e0 AS varchar), CAST(1.5e0 AS varchar), CAST(1e10 AS varchar), CAST(1e-5 AS varchar), CAST(123456789.123e0 AS varchar), CAST(nan() AS varchar), CAST(infinity() AS varchar)

-- booleans to text
SELECT CAST(true AS varchar), CAST(dstport = 443 AS varchar) FROM vpc_flow_logs WHERE day = '15' AND dstport = 443 LIMIT 1

-- text to a shorter text
SELECT CAST('abcdef' AS varchar(3)), CAST('ab' AS varchar(3)), CAST('ab' AS char(4)) || '|'

-- times to text
-- differs: a time without a fraction
SELECT CAST(DATE '2026-01-15' AS varchar), CAST(TIMESTAMP '2026-01-15 05:06:07' AS varchar), CAST(TIMESTAMP '2026-01-15 05:06:07.120' AS varchar), CAST(TIMESTAMP '2026-01-15 05:06:07.120 Asia/Tokyo' AS varchar)

-- from_unixtime to text
SELECT CAST(from_unixtime(start) AS varchar) AS t FROM vpc_flow_logs WHERE day = '16' ORDER BY start, t LIMIT 3

-- a column that holds no numbers
-- refused
SELECT CAST(instance_tag AS integer) FROM vpc_flow_logs WHERE day = '15'

-- try_cast of a column that holds some numbers
SELECT DISTINCT instance_tag, TRY_CAST(instance_tag AS integer) AS n, TRY_CAST(instance_tag AS double) AS d, TRY_CAST(instance_tag AS boolean) AS b, TRY_CAST(instance_tag AS date) AS day, TRY_CAST(instance_tag AS decimal(5, 2)) AS c FROM vpc_flow_logs WHERE day = '15' ORDER BY instance_tag

-- cast of an array
SELECT CAST(ARRAY['1', '2'] AS array(integer)), CAST(ARRAY[1, 2] AS array(varchar))

-- cast of NULL
SELECT CAST(NULL AS integer), CAST(NULL AS varchar), CAST(NULL AS timestamp), CAST(NULL AS decimal(5, 1))

-- real
SELECT CAST(1.5 AS real), CAST('0.1' AS real), REAL '1.25' + 1

-- cast in the postfix way is refused
-- refused
SELECT day::integer FROM vpc_flow_logs WHERE day = '15'

-- convert with the types of Hive is refused
-- refused
SELECT CAST(start AS string) FROM vpc_flow_logs WHERE day = '15'

-- int is integer
-- differs: `typeof` gives names
SELECT CAST('5' AS int), CAST('5' AS INTEGER), typeof(CAST('5' AS int))

-- typeof
-- differs: `typeof` gives names
SELECT typeof(1), typeof(bytes), typeof(1.50), typeof('abc'), typeof(srcaddr), typeof(NULL), typeof(1e0), typeof(ARRAY[1]), typeof(from_unixtime(start)), typeof(DATE '2026-01-15') FROM vpc_flow_logs WHERE day = '15' LIMIT 1

-- rounding doubles
SELECT round(2.5e0), round(-2.5e0), round(1.255e0, 2), round(1234.567e0, -2), round(0.5e0), round(1e20, 2)

-- rounding integers
SELECT round(7), round(1234, -2), round(1250, -2), round(BIGINT '15', -1), floor(7), ceil(7)

-- floor and ceiling of doubles
SELECT floor(1.5e0), ceil(1.2e0), ceiling(-1.5e0), floor(-0.5e0), truncate(1.9e0), truncate(-1.9e0)

-- floor of a quotient
SELECT floor(bytes / 1000) AS kb, floor(bytes / 1000.0) AS kb2, floor(bytes / 1e3) AS kb3 FROM vpc_flow_logs WHERE day = '16' AND bytes IS NOT NULL ORDER BY 1, 2, 3

-- rounding an average
SELECT round(avg(bytes), 2) AS mean, round(avg(bytes)) AS whole, CAST(avg(bytes) AS bigint) AS n FROM vpc_flow_logs WHERE day = '15'

-- to text of a fixed length
SELECT CAST('abc' AS char(2)) || '|', CAST('' AS char(3)) || '|', CAST(CAST('ab' AS char(5)) AS varchar) || '|', CAST(NULL AS char(3))

-- json to text
SELECT CAST(json_parse('1.50') AS varchar), CAST(json_parse('12') AS varchar), CAST(json_parse('"a\u00e9"') AS varchar), CAST(json_parse('false') AS varchar)

-- json to text of an object
-- refused
SELECT CAST(json_parse('{"a":1}') AS varchar)

-- json to whole numbers
SELECT CAST(json_parse('1.5') AS bigint), CAST(json_parse('2.4') AS integer), CAST(json_parse('"7"') AS integer), CAST(json_parse('1.25') AS decimal(5, 1)), CAST(json_parse('7') AS double)

-- texts as bytes
SELECT CAST('abc' AS varbinary), to_hex(CAST('ü' AS varbinary)), CAST(CAST(NULL AS varchar) AS varbinary), TRY_CAST('abc' AS varbinary), to_hex(CAST(action AS varbinary)) FROM vpc_flow_logs WHERE day = '16' ORDER BY 5 LIMIT 2

-- numbers as bytes
-- refused
SELECT CAST(5 AS varbinary)

-- reals as texts
SELECT CAST(REAL '4375262' AS varchar), CAST(REAL '0.1' AS varchar), CAST(REAL 'NaN' AS varchar), CAST(REAL '-0' AS varchar), CAST(REAL '0.1' AS double)

-- reals
SELECT REAL '0.1', REAL '4375262', -REAL '0.1', REAL '0.1' * 3, REAL '0.1' + 0.1, REAL '0.1' + 0.1e0, 1 / REAL '3', REAL '7' % 4, CAST(bytes AS real) / packets FROM vpc_flow_logs WHERE interface_id = 'eni-00000000000000abc' AND packets = 1

-- reals are rounded
SELECT abs(REAL '-0.1'), sign(REAL '-2'), round(REAL '0.16', 1), round(REAL '2.5'), floor(REAL '-0.5'), ceil(REAL '0.2'), truncate(REAL '1.9')

-- sums of reals
SELECT sum(x), avg(x) FROM (VALUES REAL '0.1', REAL '0.2') AS t(x)

-- texts of real
SELECT CAST(CAST(123456789 AS real) AS varchar), CAST(CAST(1073741824 AS real) AS varchar), CAST(CAST(0.1e0 AS real) AS varchar), CAST(CAST(1.5 AS real) AS varchar), CAST(CAST(-0.000012345678e0 AS real) AS varchar)

-- casts of partitions that are not chosen
SELECT count(*) FROM vpc_flow_logs WHERE day='99' AND CAST(aws_region AS integer)=1

-- casts of partition columns
SELECT count(*) FROM vpc_flow_logs WHERE CAST(day AS integer) > 15 AND aws_region = 'us-east-1'

-- casts of partitions that are chosen
-- refused
SELECT count(*) FROM vpc_flow_logs WHERE CAST(aws_region AS integer) = 1

-- casts of partitions within CASE
SELECT count(*) FROM vpc_flow_logs WHERE CASE WHEN aws_region LIKE '%1' THEN 1 ELSE CAST(aws_region AS integer) END = 1 AND CAST(concat(year, '-', month, '-', day) AS date) > DATE '2026-01-15'
