-- a key and a number
-- refused
SELECT count(*) FROM vpc_flow_logs WHERE day = 15

-- a key and a list of numbers
-- refused
SELECT count(*) FROM vpc_flow_logs WHERE year = '2026' AND day IN (15, 16)

-- a key between numbers
-- refused
SELECT count(*) FROM vpc_flow_logs WHERE day BETWEEN 1 AND 15

-- a number and a text
-- refused
SELECT count(*) FROM vpc_flow_logs WHERE start > '2026-01-15'

-- a port as a text
-- refused
SELECT count(*) FROM vpc_flow_logs WHERE dstport = '443'

-- a list of ports as texts
-- refused
SELECT count(*) FROM vpc_flow_logs WHERE dstport IN ('22', '443')

-- a number and a time
-- refused
SELECT count(*) FROM vpc_flow_logs WHERE start > TIMESTAMP '2026-01-15 00:00:00'

-- a number and a date
-- refused
SELECT count(*) FROM vpc_flow_logs WHERE start > DATE '2026-01-15'

-- a text and a date
-- refused
SELECT count(*) FROM vpc_flow_logs WHERE year || '-' || month || '-' || day = DATE '2026-01-15'

-- a text is no condition
-- refused
SELECT count(*) FROM vpc_flow_logs WHERE action

-- a number is no condition
-- refused
SELECT count(*) FROM vpc_flow_logs WHERE 1

-- a boolean and a number
-- refused
SELECT count(*) FROM vpc_flow_logs WHERE (bytes > 0) = 1

-- an alias in where
-- refused
SELECT srcaddr AS source FROM vpc_flow_logs WHERE source = '10.0.0.5'

-- an alias in group by
-- refused
SELECT srcaddr AS source, count(*) FROM vpc_flow_logs GROUP BY source

-- an alias in having
-- refused
SELECT srcaddr, count(*) AS flows FROM vpc_flow_logs WHERE day = '15' GROUP BY srcaddr HAVING flows > 10

-- an alias beside itself
-- refused
SELECT bytes * 8 AS bits, bits / 60 AS rate FROM vpc_flow_logs WHERE day = '15'

-- an alias in an expression of order by
SELECT dstport AS p FROM vpc_flow_logs WHERE day = '16' ORDER BY p + 1, p

-- an alias of an aggregate in an expression of order by
SELECT srcaddr, sum(bytes) AS total FROM vpc_flow_logs WHERE day = '16' GROUP BY srcaddr ORDER BY total + 1 DESC, srcaddr

-- bare end
-- refused
SELECT start, end FROM vpc_flow_logs WHERE day = '15'

-- bare end in a condition
-- refused
SELECT count(*) FROM vpc_flow_logs WHERE day = '15' AND end - start > 10

-- end of a table
-- refused
SELECT f.end FROM vpc_flow_logs f WHERE day = '15'

-- end in backticks
-- refused
SELECT `end` FROM vpc_flow_logs WHERE day = '15'

-- an alias in single quotes
-- refused
SELECT srcaddr AS 'ip' FROM vpc_flow_logs WHERE day = '15'

-- an alias in single quotes without AS
-- refused
SELECT srcaddr 'ip' FROM vpc_flow_logs WHERE day = '15'

-- an unknown column
-- refused
SELECT source_address FROM vpc_flow_logs

-- a column of another name
-- refused
SELECT vpcid FROM vpc_flow_logs

-- a column with a hyphen
-- refused
SELECT account-id FROM vpc_flow_logs

-- an unknown table
-- refused
SELECT count(*) FROM flow_logs_of_nobody

-- an unknown function
-- refused
SELECT unix_timestamp(start) FROM vpc_flow_logs

-- functions of other engines
-- refused
SELECT ifnull(bytes, 0) FROM vpc_flow_logs

-- nvl
-- refused
SELECT nvl(bytes, 0) FROM vpc_flow_logs

-- to_timestamp
-- refused
SELECT to_timestamp(start) FROM vpc_flow_logs WHERE day = '15'

-- getdate
-- refused
SELECT getdate()

-- left
-- refused
SELECT left(srcaddr, 3) FROM vpc_flow_logs WHERE day = '15'

-- len
-- refused
SELECT len(srcaddr) FROM vpc_flow_logs WHERE day = '15'

-- date_part
-- refused
SELECT date_part('year', from_unixtime(start)) FROM vpc_flow_logs WHERE day = '15'

-- a column that is not grouped
-- refused
SELECT srcaddr, dstaddr, sum(bytes) FROM vpc_flow_logs WHERE day = '15' GROUP BY srcaddr

-- a column beside an aggregate
-- refused
SELECT srcaddr, sum(bytes) FROM vpc_flow_logs WHERE day = '15'

-- a column that is not grouped in order by
-- refused
SELECT srcaddr, sum(bytes) FROM vpc_flow_logs WHERE day = '15' GROUP BY srcaddr ORDER BY dstaddr

-- a column that is not grouped in having
-- refused
SELECT srcaddr, sum(bytes) FROM vpc_flow_logs WHERE day = '15' GROUP BY srcaddr HAVING bytes > 10

-- an aggregate in where
-- refused
SELECT srcaddr FROM vpc_flow_logs WHERE sum(bytes) > 10 GROUP BY srcaddr

-- an aggregate in group by
-- refused
SELECT count(*) FROM vpc_flow_logs GROUP BY sum(bytes)

-- order by what distinct drops
-- refused
SELECT DISTINCT srcaddr FROM vpc_flow_logs WHERE day = '15' ORDER BY bytes

-- an ambiguous column
-- refused
SELECT srcaddr FROM vpc_flow_logs a JOIN vpc_flow_logs b ON a.start = b.start

-- an ambiguous alias in order by
-- refused
SELECT srcaddr AS x, dstaddr AS x FROM vpc_flow_logs WHERE day = '15' ORDER BY x

-- an ambiguous column of a subquery
-- refused
SELECT x FROM (SELECT srcaddr AS x, dstaddr AS x FROM vpc_flow_logs WHERE day = '15')

-- the name of a table that an alias hides
-- refused
SELECT vpc_flow_logs.srcaddr FROM vpc_flow_logs f WHERE day = '15'

-- the same alias twice
-- differs: numbers of other bases
SELECT count(*) FROM (VALUES 1, 2) a, (VALUES 3) a

-- a position that is not there
-- refused
SELECT srcaddr FROM vpc_flow_logs WHERE day = '15' ORDER BY 3

-- group by a position that is not there
-- refused
SELECT srcaddr, count(*) FROM vpc_flow_logs WHERE day = '15' GROUP BY 5

-- group by the position of an aggregate
-- refused
SELECT srcaddr, count(*) FROM vpc_flow_logs WHERE day = '15' GROUP BY 1, 2

-- sum of a text
-- refused
SELECT sum(srcaddr) FROM vpc_flow_logs WHERE day = '15'

-- average of a text
-- refused
SELECT avg(day) FROM vpc_flow_logs WHERE day = '15'

-- sum of a condition
-- refused
SELECT sum(action = 'REJECT') FROM vpc_flow_logs WHERE day = '15'

-- addition of a text
-- refused
SELECT day + 1 FROM vpc_flow_logs WHERE day = '15'

-- addition of two texts
-- refused
SELECT srcaddr + ':' + dstaddr FROM vpc_flow_logs WHERE day = '15'

-- upper of a number
-- refused
SELECT upper(dstport) FROM vpc_flow_logs WHERE day = '15'

-- length of a number
-- refused
SELECT length(dstport) FROM vpc_flow_logs WHERE day = '15'

-- round of a text
-- refused
SELECT round('1.5') FROM vpc_flow_logs WHERE day = '15'

-- substr of a number
-- refused
SELECT substr(start, 1, 4) FROM vpc_flow_logs WHERE day = '15'

-- from_unixtime of a text
-- refused
SELECT from_unixtime('1768435200')

-- from_unixtime of a key
-- refused
SELECT from_unixtime(day) FROM vpc_flow_logs WHERE day = '15'

-- date_format of a number
-- refused
SELECT date_format(start, '%Y') FROM vpc_flow_logs WHERE day = '15'

-- date_trunc of a number
-- refused
SELECT date_trunc('hour', start) FROM vpc_flow_logs WHERE day = '15'

-- date_trunc of a text
-- refused
SELECT date_trunc('day', '2026-01-15')

-- date_diff of numbers
-- refused
SELECT date_diff('second', start, "end") FROM vpc_flow_logs WHERE day = '15'

-- year of a text
-- refused
SELECT year('2026-01-15')

-- too few arguments
-- refused
SELECT regexp_like(srcaddr) FROM vpc_flow_logs WHERE day = '15'

-- too many arguments
-- refused
SELECT upper(srcaddr, dstaddr) FROM vpc_flow_logs WHERE day = '15'

-- coalesce of a number and a text
-- refused
SELECT coalesce(bytes, 'none') FROM vpc_flow_logs WHERE day = '15'

-- case of a number and a text
-- refused
SELECT CASE WHEN bytes > 0 THEN bytes ELSE 'none' END FROM vpc_flow_logs WHERE day = '15'

-- if of a number and a text
-- refused
SELECT if(bytes > 0, bytes, '-') FROM vpc_flow_logs WHERE day = '15'

-- nullif of a number and a text
-- refused
SELECT nullif(bytes, '-') FROM vpc_flow_logs WHERE day = '15'

-- in of other types
-- refused
SELECT count(*) FROM vpc_flow_logs WHERE srcport IN (SELECT day FROM vpc_flow_logs)

-- like of a list
-- refused
SELECT count(*) FROM vpc_flow_logs WHERE srcaddr LIKE ('10.%', '172.%')

-- limit of an expression
-- refused
SELECT srcaddr FROM vpc_flow_logs ORDER BY 1 LIMIT 1 + 1

-- top is not there
-- refused
SELECT TOP 10 srcaddr FROM vpc_flow_logs

-- limit with two numbers
-- refused
SELECT DISTINCT srcaddr FROM vpc_flow_logs ORDER BY 1 LIMIT 5, 10

-- two equal signs
-- refused
SELECT count(*) FROM vpc_flow_logs WHERE day == '15'

-- and signs
-- refused
SELECT count(*) FROM vpc_flow_logs WHERE day = '15' && action = 'ACCEPT'

-- bits by operators
-- refused
SELECT tcp_flags & 2 FROM vpc_flow_logs WHERE day = '15'

-- not equal in two ways
SELECT count(*) FILTER (WHERE dstport <> 443) AS a, count(*) FILTER (WHERE dstport != 443) AS b FROM vpc_flow_logs WHERE day = '15'

-- is true is not there
-- refused
SELECT count(*) FROM vpc_flow_logs WHERE (bytes > 0) IS TRUE

-- distinct on
-- refused
SELECT DISTINCT ON (srcaddr) srcaddr, bytes FROM vpc_flow_logs WHERE day = '15'

-- select without columns
-- refused
SELECT FROM vpc_flow_logs

-- star except
-- refused
SELECT * EXCLUDE (bytes) FROM vpc_flow_logs WHERE day = '16'

-- a comma too many
-- refused
SELECT srcaddr, FROM vpc_flow_logs

-- group by all
-- refused
SELECT srcaddr, count(*) FROM vpc_flow_logs GROUP BY ALL srcaddr ORDER ALL

-- interval in one text
-- refused
SELECT now() - INTERVAL '1 day'

-- interval with a plural
-- refused
SELECT now() - INTERVAL '7' DAYS

-- an interval of a number
-- refused
SELECT now() - INTERVAL 7 DAY

-- date of an integer
-- refused
SELECT date(start) FROM vpc_flow_logs WHERE day = '15'

-- cast of a number to a time
-- refused
SELECT CAST(start AS timestamp) FROM vpc_flow_logs WHERE day = '15'

-- cast of a number to a date
-- refused
SELECT CAST(start AS date) FROM vpc_flow_logs WHERE day = '15'

-- cast to an unknown type
-- refused
SELECT CAST(start AS datetime) FROM vpc_flow_logs WHERE day = '15'

-- cast to text of no length
-- refused
SELECT CAST(start AS text) FROM vpc_flow_logs WHERE day = '15'

-- cast of a text with a unit
-- refused
SELECT CAST('5 MB' AS bigint)

-- a window without over
-- refused
SELECT row_number() FROM vpc_flow_logs WHERE day = '15'

-- rank without order
SELECT DISTINCT rank() OVER (PARTITION BY action) AS r FROM vpc_flow_logs WHERE day = '15'

-- lead of a text offset
-- refused
SELECT lead(start, '1') OVER (ORDER BY start) FROM vpc_flow_logs WHERE day = '15'

-- unnest of a text
-- refused
SELECT x FROM UNNEST(srcaddr) AS t(x)

-- a subquery of two columns
-- refused
SELECT count(*) FROM vpc_flow_logs WHERE srcaddr IN (SELECT srcaddr, dstaddr FROM vpc_flow_logs)

-- count of nothing in parentheses
SELECT count() FROM vpc_flow_logs WHERE day = '16'

-- having of a column of the group
SELECT action, count(*) AS n FROM vpc_flow_logs WHERE day = '16' GROUP BY action HAVING action <> '-' ORDER BY action

-- group by all columns
-- refused
SELECT action, count(*) FROM vpc_flow_logs GROUP BY ALL

-- semi join
-- refused
SELECT a.srcaddr FROM vpc_flow_logs a LEFT SEMI JOIN vpc_flow_logs b ON a.srcaddr = b.dstaddr

-- anti join
-- refused
SELECT a.srcaddr FROM vpc_flow_logs a LEFT ANTI JOIN vpc_flow_logs b ON a.srcaddr = b.dstaddr

-- count of two columns
-- refused
SELECT count(srcaddr, dstaddr) FROM vpc_flow_logs

-- count of distinct rows
-- refused
SELECT count(DISTINCT *) FROM vpc_flow_logs

-- listagg without an order
-- refused
SELECT listagg(action, ',') FROM vpc_flow_logs

-- first_value without a window
-- refused
SELECT first_value(action) FROM vpc_flow_logs

-- row_number without a window
-- refused
SELECT row_number() FROM vpc_flow_logs

-- sequence of too many
-- refused
SELECT cardinality(sequence(1, 10001))

-- join without a condition
-- refused
SELECT count(*) FROM vpc_flow_logs a JOIN vpc_flow_logs b

-- for update
-- refused
SELECT count(*) FROM vpc_flow_logs FOR UPDATE

-- hints of others
-- refused
SELECT count(*) FROM vpc_flow_logs WITH (NOLOCK)

-- number as a time
-- refused
SELECT CAST(start AS timestamp) FROM vpc_flow_logs

-- another subquery in SELECT than in GROUP BY
-- refused
SELECT bytes > (SELECT avg(bytes) FROM vpc_flow_logs WHERE bytes < 1000) a, count(*) FROM vpc_flow_logs GROUP BY bytes > (SELECT avg(bytes) FROM vpc_flow_logs WHERE bytes < 500) ORDER BY 2

-- another IN in SELECT than in GROUP BY
-- refused
SELECT srcport IN (SELECT dstport FROM vpc_flow_logs) a, count(*) FROM vpc_flow_logs GROUP BY srcport IN (SELECT 5)

-- IN of a text among numbers
-- refused
SELECT srcport IN (SELECT srcaddr FROM vpc_flow_logs) FROM vpc_flow_logs
