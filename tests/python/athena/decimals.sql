-- a literal with a point is a decimal
SELECT 60.0, 1.5, 0.10, .5, 5., 100.00, 1e2, 1.5e0

-- division of decimals
SELECT 10 / 3.0, 10.0 / 3, 1.0 / 3.00, 7 / 2, 7 / 2.0, 7.00 / 2

-- megabytes the usual way
SELECT round(4375262 / 1024.0 / 1024.0, 2), 4375262 / 1024.0 / 1024.0

-- megabytes of a column
SELECT bytes, round(bytes / 1024.0 / 1024.0, 2) AS mb FROM vpc_flow_logs WHERE interface_id = 'eni-00000000000000abc' ORDER BY bytes

-- megabytes of a sum
SELECT srcaddr, round(sum(bytes) / 1024.0 / 1024.0, 3) AS mb FROM vpc_flow_logs WHERE year = '2026' AND day = '15' GROUP BY srcaddr ORDER BY srcaddr

-- minutes of seconds
SELECT interface_id, ("end" - start) / 60.0 AS minutes FROM vpc_flow_logs WHERE day = '16' ORDER BY 1, 2, start

-- megabits a second
SELECT interface_id, sum(bytes) * 8 / 60.0 / 1000000 AS mbps FROM vpc_flow_logs WHERE day = '15' GROUP BY 1 ORDER BY 1

-- percent with 100.0 first
SELECT action, count(*) * 100.0 / sum(count(*)) OVER () AS percent FROM vpc_flow_logs WHERE day = '15' GROUP BY action ORDER BY action

-- percent with 100.0 last
SELECT round(count_if(action = 'REJECT') / count(*) * 100.0, 2) AS none, round(100.0 * count_if(action = 'REJECT') / count(*), 2) AS some FROM vpc_flow_logs WHERE day = '15'

-- mean by hand
SELECT sum(bytes) * 1.0 / count(*) AS mean, sum(bytes) / count(*) AS whole FROM vpc_flow_logs WHERE day = '16'

-- addition and subtraction
SELECT 1.5 + 2.25, 1.50 - 2, 10 + 0.1, 0.1 + 0.2, 99.9 + 0.1, -1.5

-- multiplication
SELECT 1.5 * 2.25, 1.1 * 1.1, 100 * 0.01, 12345.678 * 1000

-- remainder of decimals
SELECT 10.5 % 3, mod(10.5, 3), -10.5 % 3, 7 % 2.5

-- a decimal and a double
SELECT 1.5 + 1e0, 2.0 * CAST(2 AS double), 1.0 / 3e0

-- comparing decimals of other scales
SELECT 1.0 = 1.00, 1.5 > 1, 1.10 = 1.1, 0.1 + 0.2 = 0.3, 1.0 = 1e0

-- division by zero
-- refused
SELECT 1 / 0.0

-- division of a column by zero
-- refused
SELECT bytes / 0.0 FROM vpc_flow_logs WHERE day = '16' AND bytes IS NOT NULL

-- division of doubles by zero
SELECT 1e0 / 0, -1 / 0e0, 0e0 / 0e0

-- remainder by zero
-- refused
SELECT 1.5 % 0

-- nullif against division by zero
SELECT bytes * 1.0 / nullif(packets, 0) AS mean FROM vpc_flow_logs WHERE day = '16' ORDER BY 1, start

-- cast to decimal
SELECT CAST(1.005 AS decimal(10, 2)), CAST(1.995 AS decimal(10, 1)), CAST(2 AS decimal(5, 2)), CAST('1.235' AS decimal(10, 2)), CAST(-1.235 AS decimal(10, 2))

-- cast of doubles to decimal
SELECT CAST(1.005e0 AS decimal(10, 2)), CAST(2.5e0 AS decimal(10, 0)), CAST(1e10 AS decimal(15, 3))

-- decimal without arguments
SELECT CAST(1.5 AS decimal), CAST(12 AS decimal), CAST(2.5 AS decimal(10))

-- cast of a decimal that does not fit
-- refused
SELECT CAST(12345 AS decimal(4, 1))

-- try_cast of a decimal that does not fit
SELECT TRY_CAST(12345 AS decimal(4, 1)), TRY_CAST('x' AS decimal(4, 1)), TRY_CAST('12.34' AS decimal(4, 1))

-- cast of decimals to text
SELECT CAST(1.50 AS varchar), CAST(10 / 3.0 AS varchar), CAST(0.10 AS varchar), CAST(-0.5 AS varchar)

-- cast of decimals to numbers
SELECT CAST(1.7 AS integer), CAST(1.5 AS bigint), CAST(2.5 AS integer), CAST(-1.5 AS integer), CAST(1.4 AS bigint), CAST(1.25 AS double)

-- a long literal
SELECT 12345678901234567890.123456789, 0.00000000000000000001

-- sum and average of decimals
SELECT sum(x), avg(x), min(x), max(x), count(x) FROM (VALUES 1.5, 2.25, NULL, 10.0) AS t(x)

-- average of a decimal keeps its scale
SELECT avg(CAST(bytes AS decimal(20, 2))) AS mean, sum(CAST(bytes AS decimal(20, 2))) AS total FROM vpc_flow_logs WHERE day = '16'

-- rounding decimals
SELECT round(1.255, 2), round(1.5), round(2.5), round(-2.5), round(1234.5678, -2), round(1.0)

-- floor and ceiling of decimals
SELECT floor(1.5), ceil(1.2), ceiling(-1.5), floor(-1.5), floor(10.00)

-- truncate of decimals
SELECT truncate(1.999), truncate(-1.999), truncate(12.345, 1)

-- abs and sign of decimals
SELECT abs(-1.5), sign(-1.5), sign(0.0), abs(CAST(-7 AS decimal(5, 1)))

-- a decimal in CASE
SELECT CASE WHEN bytes > 1000 THEN bytes / 1000.0 ELSE 0 END AS kb FROM vpc_flow_logs WHERE day = '16' ORDER BY 1, start

-- group by a decimal
SELECT packets / 2.0 AS half, count(*) FROM vpc_flow_logs WHERE day = '16' GROUP BY packets / 2.0 ORDER BY 1

-- decimals in IN
SELECT count(*) FROM vpc_flow_logs WHERE day = '16' AND packets / 2.0 IN (0.5, 1, 1.50)

-- overflow of a product
-- refused
SELECT DECIMAL '99999999999999999999999999999999999999' * 10

-- overflow of a sum
-- refused
SELECT DECIMAL '99999999999999999999999999999999999999' + 1

-- dollars
SELECT sum(bytes) / 1073741824.0 * 0.09 AS usd, round(sum(bytes) / 1e9 * 0.09, 2) AS usd2 FROM vpc_flow_logs WHERE day = '15' AND flow_direction = 'egress'

-- power and sqrt give doubles
SELECT power(2.0, 3), sqrt(2.25), ln(1.0), log10(100.0), exp(0.0), bytes / power(1024, 2) FROM vpc_flow_logs WHERE interface_id = 'eni-00000000000000abc' AND packets = 1

-- decimal literal
SELECT DECIMAL '1.50', DECIMAL '12', DECIMAL '-0.001'

-- coalesce of decimals
SELECT coalesce(CAST(NULL AS decimal(5, 2)), 1), coalesce(bytes / 1000.0, 0) FROM vpc_flow_logs WHERE day = '28' AND start % 600 = 0 ORDER BY start LIMIT 1

-- greatest of an int and a decimal
SELECT greatest(1, 2.5), least(1, 0.5, 2), greatest(1.50, 1)

-- array of decimals
SELECT ARRAY[1.5, 2.25], ARRAY[1, 2.5]

-- union of decimals
SELECT 1.5 AS x UNION ALL SELECT 2 UNION ALL SELECT 3.25 ORDER BY x

-- nullif keeps the type of the first
SELECT sum(bytes) / nullif(sum(packets), 0.0) AS a, 7 / nullif(2, 0.0) AS b, nullif(2, 2.0) AS c, nullif(1.5, 2) AS d, nullif('a', 'a') AS e, nullif(NULL, 1) AS f FROM vpc_flow_logs WHERE day = '16'

-- nullif within
SELECT interface_id, round(sum(bytes) * 1.0 / nullif(count(nullif(action, 'REJECT')), 0), 2) AS a FROM vpc_flow_logs WHERE day = '15' GROUP BY interface_id ORDER BY 1

-- nan among comparisons
SELECT nan() = nan(), nan() <> nan(), nan() < 1e0, nan() > 1e0, nan() <= nan(), nan() >= nan(), NOT nan() > 1e0, nan() IS DISTINCT FROM nan()

-- nan in between and in lists
SELECT nan() BETWEEN 0e0 AND 1e0, nan() NOT BETWEEN 0e0 AND 1e0, nan() IN (nan(), 1e0), nan() NOT IN (nan(), 1e0), nan() IN (1e0, NULL), 1e0 IN (nan(), 1), 2.5 IN (nan(), 2.5e0)

-- nan beside numbers of other types
SELECT nan() > 5, 5 < nan(), nan() > 5.5, 5.5 < nan(), nan() > NULL, infinity() > nan(), -infinity() < nan(), CAST(nan() AS real) > 1, CAST(nan() AS real) = CAST(nan() AS real)

-- zero has one sign
SELECT 0e0 = -0e0, 0e0 > -0e0, -0e0 >= 0e0, -0e0 IN (0e0), REAL '0' = REAL '-0', -0e0 <> 0e0

-- nan in a condition
SELECT x FROM (VALUES 1e0, nan(), 2e0, NULL) AS t(x) WHERE x > 1 OR x <> x ORDER BY x

-- nan in a join
SELECT a.x, b.x FROM (VALUES 1e0, nan(), -0e0) AS a(x) JOIN (VALUES 1e0, nan(), 0e0) AS b(x) ON a.x = b.x ORDER BY 1

-- doubles of flows that are compared
SELECT count(*) FROM vpc_flow_logs WHERE day = '16' AND bytes * 1e0 > 1000 AND bytes < infinity() AND NOT bytes > nan() AND packets / 1e0 BETWEEN 1 AND 1e5

-- doubles of flows in a list
SELECT count(*) FROM vpc_flow_logs WHERE day = '16' AND packets * 1e0 IN (1, 2.0, 3e0, nan())

-- real beside a decimal
SELECT REAL '0.1' = 0.1, REAL '0.1' = 0.1e0, REAL '0.5' > 0.4, 0.1 IN (REAL '0.1')

-- nan in max and greatest
-- differs: `max`, `greatest` and `nullif` of NaN
SELECT max(x), greatest(nan(), 1e0), nullif(nan(), nan()) FROM (VALUES 1e0, nan(), 2e0) AS t(x)
