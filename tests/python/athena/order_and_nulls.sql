-- descending puts NULL last
SELECT dstaddr, bytes, start, interface_id FROM vpc_flow_logs WHERE year = '2026' AND month = '01' AND day = '16' ORDER BY bytes DESC, start, interface_id, dstaddr

-- ascending puts NULL last
SELECT dstaddr, bytes, start, interface_id FROM vpc_flow_logs WHERE year = '2026' AND month = '01' AND day = '16' ORDER BY bytes, start, interface_id, dstaddr

-- nulls first
SELECT srcport, start, "end", interface_id, srcaddr FROM vpc_flow_logs WHERE day = '16' ORDER BY srcport DESC NULLS FIRST, start DESC, "end", interface_id, srcaddr

-- nulls last in words
SELECT srcport, start, "end", interface_id, srcaddr FROM vpc_flow_logs WHERE day = '16' ORDER BY srcport ASC NULLS LAST, start, "end" DESC, interface_id, srcaddr

-- top talkers with rows that have no bytes
SELECT srcaddr, sum(bytes) AS total FROM vpc_flow_logs WHERE year = '2026' AND month = '01' AND day IN ('15', '16') GROUP BY srcaddr ORDER BY total DESC, srcaddr LIMIT 5

-- limit after NULLs
SELECT interface_id, max(packets) AS most FROM vpc_flow_logs WHERE year = '2026' AND month = '02' GROUP BY interface_id ORDER BY most DESC, interface_id LIMIT 2

-- order by an expression of a shown column
SELECT start, bytes, bytes / 2.0 AS half FROM vpc_flow_logs WHERE day = '16' AND bytes IS NOT NULL ORDER BY abs(bytes / 2.0), start, interface_id

-- order by abs of a fraction that is not shown
SELECT interface_id, bytes FROM vpc_flow_logs WHERE day = '16' AND bytes > 0 ORDER BY abs(bytes / 2.0) DESC, start, interface_id

-- order by position
SELECT action, count(*) FROM vpc_flow_logs WHERE year = '2026' GROUP BY 1 ORDER BY 2 DESC, 1

-- order by an alias that hides a column
SELECT -bytes AS bytes FROM vpc_flow_logs WHERE day = '16' AND bytes IS NOT NULL ORDER BY bytes

-- order by a column that the alias of another hides
SELECT packets AS bytes, start FROM vpc_flow_logs WHERE day = '16' ORDER BY bytes, start

-- order of texts is by code point
SELECT DISTINCT instance_tag FROM vpc_flow_logs WHERE day = '15' ORDER BY instance_tag

-- order of texts descending
SELECT DISTINCT instance_tag FROM vpc_flow_logs WHERE day = '15' OR day = '31' ORDER BY instance_tag DESC

-- order of booleans
SELECT x FROM (VALUES true, false, NULL) AS t(x) ORDER BY x DESC

-- order of doubles with NaN and infinity
SELECT x FROM (VALUES nan(), 1e0, infinity(), -infinity(), NULL, 0e0) AS t(x) ORDER BY x

-- order of doubles with NaN and infinity, descending
SELECT x FROM (VALUES nan(), 1e0, infinity(), -infinity(), NULL, 0e0) AS t(x) ORDER BY x DESC

-- order of addresses is by their numbers
SELECT DISTINCT CAST(srcaddr AS ipaddress) AS ip FROM vpc_flow_logs WHERE day = '15' AND srcaddr <> '-' ORDER BY ip

-- order of arrays
SELECT x FROM (VALUES ARRAY[2], ARRAY[1, 5], ARRAY[1], ARRAY[]) AS t(x) ORDER BY x

-- offset
SELECT DISTINCT dstport FROM vpc_flow_logs WHERE day = '15' ORDER BY dstport OFFSET 3 LIMIT 2

-- offset rows
SELECT DISTINCT dstport FROM vpc_flow_logs WHERE day = '15' ORDER BY dstport DESC OFFSET 1 ROWS LIMIT 3

-- limit before offset is refused
-- refused
SELECT DISTINCT dstport FROM vpc_flow_logs WHERE day = '15' ORDER BY dstport LIMIT 2 OFFSET 3

-- fetch first
SELECT DISTINCT dstport FROM vpc_flow_logs WHERE day = '15' ORDER BY dstport FETCH FIRST 3 ROWS ONLY

-- fetch first row
SELECT DISTINCT dstport FROM vpc_flow_logs WHERE day = '15' ORDER BY dstport FETCH FIRST ROW ONLY

-- fetch next with ties
-- differs: `TABLE name`, `FETCH
SELECT dstport FROM (VALUES 1, 1, 2, 2, 2, 3) AS t(dstport) ORDER BY dstport FETCH NEXT 3 ROWS WITH TIES

-- limit all
SELECT DISTINCT action FROM vpc_flow_logs WHERE day = '15' ORDER BY action LIMIT ALL

-- limit 0
SELECT srcaddr FROM vpc_flow_logs WHERE day = '15' ORDER BY 1 LIMIT 0

-- NULL is not equal to NULL
SELECT count(*) FROM vpc_flow_logs WHERE day = '16' AND bytes = NULL

-- NULL in NOT IN
SELECT count(*) FROM vpc_flow_logs WHERE day = '16' AND dstport NOT IN (443, NULL)

-- NULL in IN
SELECT count(*) FROM vpc_flow_logs WHERE day = '16' AND dstport IN (443, NULL)

-- not of NULL
SELECT count(*) FROM vpc_flow_logs WHERE day = '16' AND NOT (bytes > 100)

-- is distinct from
SELECT count(*) FROM vpc_flow_logs WHERE day = '16' AND bytes IS DISTINCT FROM 40

-- is not distinct from NULL
SELECT count(*) FROM vpc_flow_logs WHERE day = '16' AND bytes IS NOT DISTINCT FROM NULL

-- coalesce
SELECT coalesce(bytes, packets, -1) AS n, count(*) FROM vpc_flow_logs WHERE day = '28' GROUP BY 1 ORDER BY 1

-- coalesce of int and bigint
SELECT coalesce(NULL, dstport, bytes) AS n FROM vpc_flow_logs WHERE day = '16' ORDER BY 1 LIMIT 5

-- nullif
SELECT nullif(srcaddr, '-') AS src, count(*) AS flows FROM vpc_flow_logs WHERE day = '16' GROUP BY 1 ORDER BY 1

-- nullif of numbers
SELECT nullif(1, 1), nullif(1, 2), nullif(1.5, 2), nullif(CAST(NULL AS integer), 1)

-- greatest with NULL
SELECT greatest(1, NULL), least(2, NULL), greatest(1, 2, 3), least('b', 'a')

-- greatest of columns
SELECT greatest(packets, bytes) AS most, least(packets, bytes) AS least FROM vpc_flow_logs WHERE day = '16' ORDER BY 1, 2

-- concat with NULL
SELECT concat('a', NULL), 'a' || NULL, concat('a', 'b', 'c')

-- a NULL by itself
SELECT NULL AS nothing, NULL IS NULL, NULL = 1, NOT NULL, NULL AND false, NULL OR true

-- if without else
SELECT if(dstport = 443, 'https') AS what, count(*) FROM vpc_flow_logs WHERE day = '16' GROUP BY 1 ORDER BY 1

-- if with else
SELECT if(bytes > 1000, 'big', 'small') AS size, count(*) FROM vpc_flow_logs WHERE day = '16' GROUP BY 1 ORDER BY 1

-- case without else
SELECT CASE WHEN protocol = 6 THEN 'tcp' WHEN protocol = 17 THEN 'udp' END AS name, count(*) AS n FROM vpc_flow_logs WHERE day = '15' GROUP BY 1 ORDER BY 1

-- simple case with NULL
SELECT CASE bytes WHEN NULL THEN 'null' ELSE 'else' END AS c, count(*) FROM vpc_flow_logs WHERE day = '28' GROUP BY 1 ORDER BY 1

-- case mixes int and bigint
SELECT CASE WHEN dstport = 443 THEN dstport ELSE bytes END AS n FROM vpc_flow_logs WHERE day = '16' ORDER BY n, start LIMIT 7

-- case mixes int and decimal
SELECT CASE WHEN dstport = 443 THEN 1 ELSE 2.50 END AS n, count(*) FROM vpc_flow_logs WHERE day = '16' GROUP BY 1 ORDER BY 1

-- try of a division
SELECT try(1 / 0), coalesce(try(bytes / 0), -1) FROM vpc_flow_logs WHERE day = '16' AND bytes IS NOT NULL LIMIT 1

-- count of NULLs
SELECT count(*), count(bytes), count(*) - count(bytes) AS missing, count(DISTINCT bytes) FROM vpc_flow_logs WHERE day = '15'

-- between with NULL
SELECT count(*) FROM vpc_flow_logs WHERE day = '16' AND bytes BETWEEN NULL AND 100

-- between the wrong way
SELECT count(*) FROM vpc_flow_logs WHERE day = '16' AND bytes BETWEEN 100 AND 1

-- not between
SELECT count(*) FROM vpc_flow_logs WHERE day = '15' AND bytes NOT BETWEEN 40 AND 10000

-- texts that a file lacks are NULL
SELECT instance_id, vpc_id, tcp_flags, count(*) FROM vpc_flow_logs WHERE year = '2025' GROUP BY 1, 2, 3

-- a dash is a text
SELECT count(*) FILTER (WHERE srcaddr = '-') AS dashes, count(*) FILTER (WHERE srcaddr IS NULL) AS nulls FROM vpc_flow_logs WHERE day = '28'

-- try of what fails in some rows
SELECT n, try(10 / n) AS q, try(CAST(t AS integer)) AS i, try(ARRAY['a'][n]) AS e FROM (VALUES (0, '1'), (1, 'x'), (2, NULL)) AS v(n, t) ORDER BY n

-- try of casts of a column
SELECT try(CAST(instance_tag AS integer)) AS n, count(*) AS c FROM vpc_flow_logs WHERE day = '15' GROUP BY 1 ORDER BY 1

-- try around aggregates
SELECT action, try(sum(bytes) / count_if(dstport = 22)) AS per FROM vpc_flow_logs WHERE day = '15' GROUP BY action ORDER BY action

-- try in a condition
SELECT count(*) FROM vpc_flow_logs WHERE day = '15' AND try(bytes / (dstport - 443)) IS NULL AND dstport = 443

-- try of numbers out of range
SELECT try(9223372036854775807 + 1), try(CAST(300 AS tinyint)), try(date_parse('x', '%Y')), try(json_parse('{')), try(CAST('x' AS ipaddress)), try(1 / 4.0)

-- try does not hide unknown columns
-- refused
SELECT try(no_column) FROM vpc_flow_logs

-- offset and limit
SELECT dstport FROM (VALUES 1, 2, 3, 4) AS t(dstport) ORDER BY dstport OFFSET 1 LIMIT 2

-- offset by rows
SELECT dstport FROM (VALUES 1, 2, 3, 4) AS t(dstport) ORDER BY dstport OFFSET 1 ROWS FETCH FIRST 2 ROWS ONLY

-- limit of a sum
-- refused
SELECT dstport FROM (VALUES 1, 2) AS t(dstport) ORDER BY dstport OFFSET 1 + 0

-- limit below zero
-- refused
SELECT dstport FROM (VALUES 1, 2) AS t(dstport) ORDER BY dstport LIMIT -1

-- limit of two numbers
-- refused
SELECT dstport FROM (VALUES 1, 2) AS t(dstport) ORDER BY dstport LIMIT 1, 1

-- limit in a subquery before offset
-- refused
SELECT count(*) FROM (SELECT dstport FROM (VALUES 1, 2) AS t(dstport) LIMIT 1 OFFSET 1)

-- order by a number with a point
SELECT action FROM vpc_flow_logs WHERE day = '15' AND action = 'ACCEPT' ORDER BY 1.5 LIMIT 1

-- a partition column IS NULL over UNION
SELECT count(*) FROM (SELECT day FROM vpc_flow_logs UNION ALL SELECT action FROM vpc_flow_logs) WHERE day IS NULL

-- totals by a NULL partition column
SELECT srcaddr, day FROM (SELECT srcaddr, day FROM vpc_flow_logs UNION ALL SELECT srcaddr, NULL FROM vpc_flow_logs WHERE day='16') WHERE day IS NULL AND srcaddr LIKE '10.%' ORDER BY 1

-- a partition column IN NULL
SELECT count(*) FROM vpc_flow_logs WHERE day IN (NULL)

-- a partition column NOT IN with NULL
SELECT count(*) FROM vpc_flow_logs WHERE day NOT IN ('15', NULL)

-- not in NULL
SELECT count(*) FROM vpc_flow_logs WHERE NOT (day IN (NULL))

-- in a NULL that is computed
SELECT count(*) FROM vpc_flow_logs WHERE day IN (NULLIF('15','15')) OR day = '16'

-- a partition column equals NULL
SELECT count(*) FROM vpc_flow_logs WHERE day IS NULL OR day = NULL

-- a partition column differs from NULL
SELECT count(*) FROM vpc_flow_logs WHERE day <> NULL AND action = 'REJECT'

-- in NULL of a prepared statement
PREPARE p FROM SELECT count(*) FROM vpc_flow_logs WHERE day IN (?, ?); EXECUTE p USING NULL, '15'

-- HAVING NOT IN with NULL
SELECT count(*), day FROM vpc_flow_logs GROUP BY day HAVING day NOT IN ('15', NULL)

-- NOT IN with NULL in a LEFT JOIN
SELECT count(b.bytes) FROM (SELECT DISTINCT day FROM vpc_flow_logs) a LEFT JOIN vpc_flow_logs b ON a.day = b.day AND b.day NOT IN ('15', NULL)

-- ordered by a hidden column of VALUES
SELECT x AS y FROM (VALUES (1,9),(2,8)) t(x,y) ORDER BY t.y

-- ordered by a hidden column
SELECT from_unixtime(f.start) AS start, f.srcaddr FROM vpc_flow_logs f WHERE f.day='16' ORDER BY f.start, f.srcaddr, f.bytes

-- ordered by a hidden group
SELECT upper(f.action) AS action, count(*) FROM vpc_flow_logs f GROUP BY f.action ORDER BY f.action

-- ordered by a count and a hidden group
SELECT upper(f.action) AS action, count(*) AS n FROM vpc_flow_logs f GROUP BY f.action ORDER BY count(*) DESC, f.action

-- ordered by a hidden time
SELECT from_unixtime(f.start) AS start, count(*), max(f.bytes) AS bytes FROM vpc_flow_logs f WHERE day = '16' GROUP BY f.start ORDER BY f.start DESC, 2, max(f.bytes) LIMIT 4

-- ordered by a hidden sum
SELECT date_format(from_unixtime(l.start), '%H') AS start, sum(l.bytes) AS bytes FROM vpc_flow_logs l WHERE l.day = '16' GROUP BY l.start ORDER BY sum(l.bytes) DESC, l.start LIMIT 3

-- a prepared LIMIT and ESCAPE
PREPARE p FROM SELECT day, count(*) FROM vpc_flow_logs WHERE day LIKE ? ESCAPE ? GROUP BY day ORDER BY day LIMIT ?; EXECUTE p USING '1%', '!', 2
