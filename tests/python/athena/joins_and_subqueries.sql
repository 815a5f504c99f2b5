-- inner join
SELECT a.srcaddr, a.dstport, b.srcport, count(*) AS n FROM vpc_flow_logs a JOIN vpc_flow_logs b ON a.srcaddr = b.dstaddr AND a.dstaddr = b.srcaddr WHERE a.day = '16' AND b.day = '15' GROUP BY 1, 2, 3 ORDER BY n DESC, 1, 2, 3

-- left join
SELECT a.srcaddr, count(b.srcaddr) AS answers FROM (SELECT DISTINCT srcaddr, dstaddr FROM vpc_flow_logs WHERE day = '16') a LEFT JOIN (SELECT DISTINCT srcaddr, dstaddr FROM vpc_flow_logs WHERE day = '15') b ON a.srcaddr = b.dstaddr AND a.dstaddr = b.srcaddr GROUP BY a.srcaddr ORDER BY a.srcaddr

-- right join
SELECT p.port, p.name, count(f.dstport) AS flows FROM (SELECT dstport FROM vpc_flow_logs WHERE day = '16') f RIGHT JOIN (VALUES (22, 'ssh'), (443, 'https'), (5432, 'postgres')) AS p(port, name) ON f.dstport = p.port GROUP BY 1, 2 ORDER BY 1

-- full join
SELECT coalesce(a.srcaddr, b.srcaddr) AS addr, a.n AS today, b.n AS tomorrow FROM (SELECT srcaddr, count(*) n FROM vpc_flow_logs WHERE day = '15' AND aws_region = 'us-east-1' GROUP BY 1) a FULL OUTER JOIN (SELECT srcaddr, count(*) n FROM vpc_flow_logs WHERE day = '16' GROUP BY 1) b ON a.srcaddr = b.srcaddr ORDER BY 1

-- join using
SELECT srcaddr, a.n, b.n AS m FROM (SELECT srcaddr, count(*) AS n FROM vpc_flow_logs WHERE day = '15' GROUP BY srcaddr) a JOIN (SELECT srcaddr, count(*) AS n FROM vpc_flow_logs WHERE day = '16' GROUP BY srcaddr) b USING (srcaddr) ORDER BY srcaddr

-- cross join
SELECT a.x, b.y FROM (VALUES 1, 2) AS a(x) CROSS JOIN (VALUES 'p', 'q') AS b(y) ORDER BY 1, 2

-- a comma is a cross join
SELECT count(*) FROM (SELECT DISTINCT action FROM vpc_flow_logs WHERE day = '15') a, (SELECT DISTINCT protocol FROM vpc_flow_logs WHERE day = '15') b

-- NULLs do not join
SELECT count(*) FROM (SELECT bytes FROM vpc_flow_logs WHERE day = '28') a JOIN (SELECT bytes FROM vpc_flow_logs WHERE day = '28') b ON a.bytes = b.bytes

-- names of protocols
SELECT coalesce(p.name, CAST(f.protocol AS varchar)) AS protocol, sum(f.bytes) AS bytes FROM vpc_flow_logs f LEFT JOIN (VALUES (6, 'TCP'), (17, 'UDP'), (1, 'ICMP')) AS p(number, name) ON f.protocol = p.number WHERE f.day = '15' GROUP BY 1 ORDER BY 2 DESC, 1

-- join over other types of integers
SELECT count(*) FROM vpc_flow_logs f JOIN (VALUES BIGINT '443', BIGINT '22') AS p(port) ON f.dstport = p.port WHERE day = '15'

-- join of an integer and a text
-- refused
SELECT count(*) FROM vpc_flow_logs f JOIN (VALUES '443', '22') AS p(port) ON f.dstport = p.port WHERE day = '15'

-- join by inequality
SELECT b.name, count(*) AS flows FROM vpc_flow_logs f JOIN (VALUES ('small', 0, 999), ('middle', 1000, 99999), ('big', 100000, 9999999999999)) AS b(name, low, high) ON f.bytes BETWEEN b.low AND b.high WHERE f.day = '15' GROUP BY b.name ORDER BY flows DESC, 1

-- scalar subquery
SELECT srcaddr, bytes FROM vpc_flow_logs WHERE day = '15' AND bytes = (SELECT max(bytes) FROM vpc_flow_logs WHERE day = '15')

-- scalar subquery of no row is NULL
SELECT (SELECT bytes FROM vpc_flow_logs WHERE day = '99') AS b, count(*) FROM vpc_flow_logs WHERE day = '16'

-- scalar subquery of several rows
-- refused
SELECT (SELECT bytes FROM vpc_flow_logs WHERE day = '16') AS b

-- scalar subquery of several rows in a condition
-- refused
SELECT count(*) FROM vpc_flow_logs WHERE day = '15' AND srcaddr = (SELECT srcaddr FROM vpc_flow_logs WHERE day = '16')

-- in a subquery
SELECT DISTINCT srcaddr FROM vpc_flow_logs WHERE day = '15' AND srcaddr IN (SELECT dstaddr FROM vpc_flow_logs WHERE day = '16') ORDER BY srcaddr

-- not in a subquery
SELECT DISTINCT srcaddr FROM vpc_flow_logs WHERE day = '15' AND srcaddr NOT IN (SELECT srcaddr FROM vpc_flow_logs WHERE day = '16' AND action = 'REJECT') ORDER BY srcaddr

-- not in a subquery with NULLs
SELECT count(*) FROM vpc_flow_logs WHERE day = '15' AND bytes NOT IN (SELECT bytes FROM vpc_flow_logs WHERE day = '16')

-- exists
SELECT DISTINCT a.srcaddr FROM vpc_flow_logs a WHERE a.day = '16' AND EXISTS (SELECT 1 FROM vpc_flow_logs b WHERE b.day = '15' AND b.dstaddr = a.srcaddr AND b.action = 'REJECT') ORDER BY 1

-- not exists
SELECT DISTINCT a.dstaddr FROM vpc_flow_logs a WHERE a.day = '16' AND NOT EXISTS (SELECT 1 FROM vpc_flow_logs b WHERE b.day = '15' AND b.srcaddr = a.dstaddr AND b.dstport = 443) ORDER BY 1

-- correlated count
SELECT p.port, (SELECT count(*) FROM vpc_flow_logs f WHERE f.dstport = p.port AND f.day = '15') AS flows FROM (VALUES 22, 443, 9999) AS p(port) ORDER BY port

-- any of values
SELECT count(*) FROM vpc_flow_logs WHERE day = '15' AND dstport = ANY (VALUES 22, 443)

-- all of a subquery
SELECT count(*) FROM vpc_flow_logs WHERE day = '15' AND bytes >= ALL (SELECT bytes FROM vpc_flow_logs WHERE day = '16' AND bytes IS NOT NULL)

-- some of a subquery
SELECT count(*) FROM vpc_flow_logs WHERE day = '15' AND bytes < SOME (SELECT bytes FROM vpc_flow_logs WHERE day = '16' AND bytes IS NOT NULL)

-- subquery in from needs no name
SELECT max(n) FROM (SELECT count(*) AS n FROM vpc_flow_logs WHERE day = '15' GROUP BY srcaddr)

-- values as a table
SELECT * FROM (VALUES (1, 'a'), (2, 'b'), (3, NULL)) AS t(n, c) ORDER BY n DESC

-- values alone
-- differs: numbers of other bases
VALUES (1, 'a'), (2, 'b') ORDER BY 1

-- the table statement
-- differs: `TABLE name`, `FETCH
SELECT count(*) FROM (TABLE vpc_flow_logs) WHERE day = '16'

-- lateral
SELECT p.port, l.n FROM (VALUES 22, 443) AS p(port) CROSS JOIN LATERAL (SELECT count(*) AS n FROM vpc_flow_logs f WHERE f.dstport = p.port AND day = '16') AS l ORDER BY 1

-- self join by time
SELECT count(*) FROM vpc_flow_logs a JOIN vpc_flow_logs b ON a.interface_id = b.interface_id AND b.start BETWEEN a."end" AND a."end" + 600 WHERE a.day = '16' AND b.day = '16'

-- star of one side
SELECT p.* FROM (VALUES (22, 'ssh'), (443, 'https')) AS p(port, name) JOIN (SELECT DISTINCT dstport FROM vpc_flow_logs WHERE day = '16') f ON f.dstport = p.port ORDER BY port

-- an alias with AS and without
SELECT f.action a, count(*) AS "Number of flows" FROM vpc_flow_logs f WHERE f.day = '16' GROUP BY f.action ORDER BY a

-- an outer join and a condition on the other side
SELECT count(*) FROM (VALUES 1, 2, 3) AS a(x) LEFT JOIN (VALUES 2, 3) AS b(y) ON a.x = b.y AND b.y > 2

-- natural join is not there
-- refused
SELECT count(*) FROM (VALUES (1, 'a')) AS a(x, y) NATURAL JOIN (VALUES (1, 'b')) AS b(x, z)

-- semi join by a tuple
-- differs: `EXCEPT ALL` and `INTERSECT ALL` of `*`
SELECT count(*) FROM vpc_flow_logs WHERE day = '15' AND (srcaddr, dstaddr) IN (SELECT dstaddr, srcaddr FROM vpc_flow_logs WHERE day = '16')

-- all and any of no rows
SELECT 1 > ALL (SELECT bytes FROM vpc_flow_logs WHERE day = '99') AS a, 1 < ANY (SELECT bytes FROM vpc_flow_logs WHERE day = '99') AS b, CAST(NULL AS integer) > ALL (SELECT bytes FROM vpc_flow_logs WHERE day = '99') AS c

-- all and any with NULL
SELECT n, n > ALL (SELECT x FROM (VALUES 1, 2, NULL) AS t(x)) AS a, n <= ANY (SELECT x FROM (VALUES 1, 2, NULL) AS t(x)) AS b, n < ALL (SELECT x FROM (VALUES 3, 2) AS t(x)) AS c FROM (VALUES 0, 1, 2, 3, NULL) AS v(n) ORDER BY n

-- equal to all, other than any
SELECT n, n = ALL (SELECT x FROM (VALUES 2, 2) AS t(x)) AS a, n <> ANY (SELECT x FROM (VALUES 2, 3) AS t(x)) AS b FROM (VALUES 1, 2, 3) AS v(n) ORDER BY n

-- all of texts
SELECT count(*) FROM vpc_flow_logs WHERE day = '15' AND srcaddr >= ALL (SELECT srcaddr FROM vpc_flow_logs WHERE day = '16')

-- all of other types
-- refused
SELECT count(*) FROM vpc_flow_logs WHERE srcaddr >= ALL (SELECT bytes FROM vpc_flow_logs WHERE day = '16')

-- all of decimals and doubles
SELECT count(*) FROM vpc_flow_logs WHERE day = '15' AND bytes * 1.5 > ALL (SELECT avg(bytes) FROM vpc_flow_logs WHERE day = '16' GROUP BY srcaddr HAVING avg(bytes) IS NOT NULL)

-- right join using
SELECT port, a.n, b.name FROM (SELECT dstport AS port, count(*) AS n FROM vpc_flow_logs WHERE day = '16' GROUP BY 1) a RIGHT JOIN (VALUES (22, 'ssh'), (443, 'https'), (5432, 'postgres')) AS b(port, name) USING (port) ORDER BY port

-- full join using
SELECT port, a.n, b.name, port + 1 AS next FROM (SELECT dstport AS port, count(*) AS n FROM vpc_flow_logs WHERE day = '16' GROUP BY 1) a FULL JOIN (VALUES (22, 'ssh'), (443, 'https'), (5432, 'postgres')) AS b(port, name) USING (port) WHERE port IS NOT NULL ORDER BY port

-- using in conditions
SELECT port, count(*) AS n FROM (SELECT dstport AS port, srcaddr FROM vpc_flow_logs WHERE day = '15') a LEFT JOIN (VALUES (22, 'ssh'), (443, 'https')) AS b(port, name) USING (port) WHERE port IN (22, 53, 443) AND coalesce(name, '-') <> 'ssh' GROUP BY port HAVING port > 22 ORDER BY port

-- using twice
SELECT k, x, y, z FROM (VALUES (1, 'a'), (2, 'b')) AS a(k, x) FULL JOIN (VALUES (2, 'c'), (3, 'd')) AS b(k, y) USING (k) FULL JOIN (VALUES (3, 'e'), (4, 'f')) AS c(k, z) USING (k) ORDER BY k

-- using two columns
SELECT srcaddr, dstaddr, a.n, b.n AS m FROM (SELECT srcaddr, dstaddr, count(*) AS n FROM vpc_flow_logs WHERE day = '15' GROUP BY 1, 2) a JOIN (SELECT srcaddr, dstaddr, count(*) AS n FROM vpc_flow_logs WHERE day = '16' GROUP BY 1, 2) b USING (srcaddr, dstaddr) ORDER BY 1, 2

-- all columns of using
SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS a(k, x) RIGHT JOIN (VALUES ('c', 2), ('d', 3)) AS b(y, k) USING (k) ORDER BY k

-- all columns of one side of using
SELECT k, b.* FROM (VALUES (1, 'a'), (2, 'b')) AS a(k, x) JOIN (VALUES ('c', 2), ('d', 3)) AS b(y, k) USING (k)

-- using beside a subquery that has the column too
SELECT k, (SELECT max(k) FROM (VALUES 7, 8) AS c(k)) AS top FROM (VALUES 1, 2) AS a(k) LEFT JOIN (VALUES 2, 3) AS b(k) USING (k) ORDER BY k

-- using of the table with itself
SELECT interface_id, count(*) AS n FROM vpc_flow_logs a JOIN (SELECT DISTINCT interface_id FROM vpc_flow_logs WHERE day = '16') b USING (interface_id) WHERE a.day = '15' AND interface_id <> '-' GROUP BY interface_id ORDER BY 1

-- distinct from binds closer than AND
SELECT count(*) FROM vpc_flow_logs WHERE srcaddr IS DISTINCT FROM dstaddr AND day = '15' AND action = 'ACCEPT'

-- not distinct from and OR
SELECT a, b, a = 1 AND a IS NOT DISTINCT FROM b OR a = 3 AS x, a IS DISTINCT FROM b + 1 AND b IS DISTINCT FROM CASE WHEN a = 1 AND b = 2 THEN 2 END AS y FROM (VALUES (1, 1), (1, 2), (3, NULL), (NULL, NULL)) AS t(a, b) ORDER BY 1, 2

-- a subquery within CASE
SELECT CASE WHEN srcaddr IN (SELECT dstaddr FROM vpc_flow_logs WHERE day = '16') THEN 1 ELSE 0 END AS known FROM vpc_flow_logs WHERE day = '15' ORDER BY 1 LIMIT 1

-- talkers joined back to their flows
SELECT a.srcaddr, b.dstaddr, count(*) AS c FROM (SELECT srcaddr, count(*) AS n FROM vpc_flow_logs WHERE day = '16' GROUP BY 1) AS a JOIN vpc_flow_logs AS b ON a.srcaddr = b.srcaddr WHERE b.day = '15' GROUP BY a.srcaddr, b.dstaddr ORDER BY a.srcaddr, b.dstaddr

-- distinct talkers joined back, first ones
SELECT a.srcaddr, b.dstaddr, sum(b.bytes) AS c FROM (SELECT DISTINCT srcaddr FROM vpc_flow_logs WHERE day = '16') AS a JOIN vpc_flow_logs AS b ON a.srcaddr = b.srcaddr WHERE b.day = '15' GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2 LIMIT 7

-- talkers of a WITH in a LEFT JOIN
WITH talkers AS (SELECT srcaddr, sum(bytes) AS total FROM vpc_flow_logs WHERE day = '15' GROUP BY srcaddr) SELECT t.srcaddr, t.total, f.dstport FROM talkers AS t LEFT JOIN vpc_flow_logs AS f ON t.srcaddr = f.dstaddr ORDER BY t.srcaddr, f.dstport DESC, f.start LIMIT 20

-- a window over a grouped subquery joined to more rows
SELECT a.srcaddr, b.start, sum(b.bytes) OVER (ORDER BY a.srcaddr) AS s FROM (SELECT srcaddr FROM vpc_flow_logs WHERE day = '16' GROUP BY 1) AS a JOIN vpc_flow_logs AS b ON a.srcaddr = b.srcaddr WHERE b.day = '15' ORDER BY 1, 2, 3

-- a grouped subquery's other columns must be grouped too
-- refused
SELECT a.srcaddr, a.n, count(*) FROM (SELECT srcaddr, count(*) AS n FROM vpc_flow_logs GROUP BY 1) AS a JOIN vpc_flow_logs AS b ON a.srcaddr = b.srcaddr GROUP BY a.srcaddr

-- words that only others reserve
WITH top AS (SELECT srcaddr, sum(bytes) AS start FROM vpc_flow_logs WHERE day = '15' GROUP BY 1) SELECT top.srcaddr, top.start FROM top ORDER BY top.start DESC NULLS LAST, 1 LIMIT 3

-- aliases that only others reserve
SELECT count(*) FROM vpc_flow_logs format JOIN vpc_flow_logs global ON format.srcaddr = global.srcaddr AND format.start = global.start JOIN (SELECT 1 AS sample, 2 AS pivot) settings ON settings.sample = 1

-- IN as a value
SELECT srcaddr, srcaddr IN (SELECT dstaddr FROM vpc_flow_logs WHERE day = '15') AS known, count(*) FROM vpc_flow_logs GROUP BY 1, 2 ORDER BY 1, 2

-- EXISTS as a value, tied to the row
SELECT action, EXISTS (SELECT 1 FROM vpc_flow_logs b WHERE b.srcport = a.srcport AND b.action = 'REJECT') AS e, count(*) FROM vpc_flow_logs a GROUP BY 1, 2 ORDER BY 1, 2

-- EXISTS as a value, of all
SELECT count_if(EXISTS (SELECT 1 FROM vpc_flow_logs WHERE action = 'REJECT')) FROM vpc_flow_logs

-- NOT IN with NULL in CASE
SELECT CASE WHEN srcport NOT IN (SELECT dstport FROM vpc_flow_logs) THEN 'x' ELSE 'y' END c, count(*) FROM vpc_flow_logs GROUP BY 1 ORDER BY 1

-- IN with NULL as a value
SELECT DISTINCT srcport, srcport IN (SELECT dstport FROM vpc_flow_logs WHERE dstport IS NOT NULL) m FROM vpc_flow_logs ORDER BY 1, 2

-- IN in FILTER
SELECT count(*) FILTER (WHERE srcaddr IN (SELECT dstaddr FROM vpc_flow_logs)) FROM vpc_flow_logs

-- NOT IN with NULL beside OR
SELECT count(*) FROM vpc_flow_logs WHERE srcport NOT IN (SELECT dstport FROM vpc_flow_logs) OR bytes < 0

-- NOT around IN and another condition
SELECT count(*) FROM vpc_flow_logs WHERE NOT (srcport IN (SELECT dstport FROM vpc_flow_logs) AND bytes >= 0)

-- NOT around IN or another condition
SELECT count(*) FROM vpc_flow_logs WHERE NOT (srcport IN (SELECT dstport FROM vpc_flow_logs WHERE dstport > 100) OR bytes < 0)

-- IN IS NULL
SELECT count(*) FROM vpc_flow_logs WHERE (srcport IN (SELECT dstport FROM vpc_flow_logs WHERE dstport > 100)) IS NULL

-- NOT IN of no rows beside OR
SELECT count(*) FROM vpc_flow_logs WHERE srcport NOT IN (SELECT dstport FROM vpc_flow_logs WHERE dstport = -7) OR bytes < 0

-- NOT IN tied to the row
SELECT count(*) FROM vpc_flow_logs a WHERE a.srcport NOT IN (SELECT b.dstport FROM vpc_flow_logs b WHERE b.action = a.action)

-- IN tied to the row beside OR
SELECT count(*) FROM vpc_flow_logs a WHERE a.srcport IN (SELECT b.dstport FROM vpc_flow_logs b WHERE b.action = a.action) OR a.bytes < 500

-- NOT EXISTS beside OR
SELECT count(*) FROM vpc_flow_logs a WHERE NOT EXISTS (SELECT 1 FROM vpc_flow_logs b WHERE b.dstport = a.srcport) OR a.bytes < 500

-- IN in CASE in WHERE
SELECT count(*) FROM vpc_flow_logs WHERE CASE WHEN srcport IN (SELECT dstport FROM vpc_flow_logs) THEN bytes > 1000 ELSE bytes < 500 END

-- IN in HAVING beside OR
SELECT action, count(*) FROM vpc_flow_logs GROUP BY action HAVING action IN (SELECT 'ACCEPT') OR count(*) < 100 ORDER BY 1

-- IN in the condition of a JOIN
SELECT count(*) FROM vpc_flow_logs a JOIN (SELECT DISTINCT dstaddr FROM vpc_flow_logs) b ON a.srcaddr = b.dstaddr AND a.srcport IN (SELECT dstport FROM vpc_flow_logs)

-- IN in ORDER BY
SELECT srcport FROM vpc_flow_logs WHERE srcport IS NOT NULL ORDER BY srcport IN (SELECT dstport FROM vpc_flow_logs WHERE dstport IS NOT NULL), srcport LIMIT 5

-- EXISTS in a sum, tied to the row
SELECT sum(CASE WHEN EXISTS (SELECT 1 FROM vpc_flow_logs b WHERE b.dstaddr = a.srcaddr AND b.action = 'REJECT') THEN 1 ELSE 0 END) AS n FROM vpc_flow_logs a

-- NOT IN as a value, tied to the row
SELECT a.srcaddr, a.srcport NOT IN (SELECT b.dstport FROM vpc_flow_logs b WHERE b.action = a.action) m, count(*) c FROM vpc_flow_logs a GROUP BY 1, 2 ORDER BY 1, 2

-- IN in count_if, tied to the row
SELECT a.action, count_if(a.srcport IN (SELECT b.dstport FROM vpc_flow_logs b WHERE b.action = a.action)) FROM vpc_flow_logs a GROUP BY a.action ORDER BY 1

-- a subquery in the list, tied to the row
SELECT DISTINCT a.dstport, (SELECT max(b.srcport) FROM vpc_flow_logs b WHERE b.dstport = a.dstport) FROM vpc_flow_logs a ORDER BY 1

-- a sum of subqueries that are tied to the row
SELECT sum((SELECT count(*) FROM vpc_flow_logs b WHERE b.dstport = a.dstport AND b.action = 'REJECT')) FROM vpc_flow_logs a

-- IN of sums in HAVING
SELECT srcaddr, sum(bytes) b FROM vpc_flow_logs WHERE day = '15' GROUP BY srcaddr HAVING srcaddr IN (SELECT dstaddr FROM vpc_flow_logs) OR sum(bytes) IN (SELECT max(bytes) FROM vpc_flow_logs) ORDER BY 1

-- NOT IN of sums in HAVING
SELECT srcaddr, sum(bytes) b FROM vpc_flow_logs WHERE day = '15' GROUP BY srcaddr HAVING sum(bytes) NOT IN (SELECT bytes FROM vpc_flow_logs) ORDER BY 1

-- IN in CASE in GROUP BY
SELECT srcaddr, CASE WHEN srcaddr IN (SELECT dstaddr FROM vpc_flow_logs WHERE action = 'REJECT') THEN 'bad' WHEN srcaddr = '-' THEN 'none' ELSE 'good' END kind, sum(bytes) FROM vpc_flow_logs WHERE day = '15' GROUP BY srcaddr, CASE WHEN srcaddr IN (SELECT dstaddr FROM vpc_flow_logs WHERE action = 'REJECT') THEN 'bad' WHEN srcaddr = '-' THEN 'none' ELSE 'good' END ORDER BY 1

-- IN equals IN
SELECT count(*) FROM vpc_flow_logs WHERE (srcaddr IN (SELECT dstaddr FROM vpc_flow_logs WHERE action = 'REJECT')) = (dstaddr IN (SELECT srcaddr FROM vpc_flow_logs WHERE action = 'REJECT'))

-- a decimal IN whole numbers
SELECT bytes / 2.0 IN (SELECT packets FROM vpc_flow_logs) AS d, count(*) FROM vpc_flow_logs WHERE day = '15' GROUP BY 1 ORDER BY 1

-- a double IN whole numbers
SELECT CAST(srcport AS double) IN (SELECT dstport FROM vpc_flow_logs WHERE dstport > 0) AS d, count(*) FROM vpc_flow_logs GROUP BY 1 ORDER BY 1

-- a time IN times
SELECT from_unixtime(start) IN (SELECT from_unixtime("end") FROM vpc_flow_logs) AS d, count(*) FROM vpc_flow_logs GROUP BY 1 ORDER BY 1

-- IN of NULL, of none and of one
SELECT NULL IN (SELECT bytes FROM vpc_flow_logs WHERE bytes < -5), NULL IN (SELECT 1), 1 IN (SELECT 1), 2 IN (SELECT 1), 2 NOT IN (SELECT NULL), 2 NOT IN (SELECT 1)

-- IN over VALUES
SELECT x, x IN (SELECT y FROM (VALUES 1, 2, NULL) AS u(y)), x NOT IN (SELECT y FROM (VALUES 1, 2) AS u(y)) FROM (VALUES 1, 3, NULL) AS t(x) ORDER BY 1

-- a window by IN
SELECT row_number() OVER (PARTITION BY srcaddr IN (SELECT dstaddr FROM vpc_flow_logs WHERE day = '15') ORDER BY start, "end", srcaddr, dstaddr, srcport, dstport, bytes) r, srcaddr FROM vpc_flow_logs WHERE day = '16' ORDER BY 1, 2

-- NOT IN in FILTER
SELECT action, count(*) FILTER (WHERE srcport NOT IN (SELECT dstport FROM vpc_flow_logs WHERE dstport IS NOT NULL)) AS n FROM vpc_flow_logs GROUP BY action ORDER BY 1

-- IN twice over WITH
WITH bad AS (SELECT DISTINCT srcaddr FROM vpc_flow_logs WHERE action = 'REJECT') SELECT day, count_if(srcaddr IN (SELECT srcaddr FROM bad)) a, count_if(dstaddr IN (SELECT srcaddr FROM bad)) b, count(*) c FROM vpc_flow_logs GROUP BY day ORDER BY day

-- IN in a LEFT JOIN
SELECT count(*) FROM vpc_flow_logs a LEFT JOIN vpc_flow_logs b ON a.srcaddr = b.dstaddr AND b.srcport IN (SELECT dstport FROM vpc_flow_logs WHERE day = '15') AND b.action NOT IN (SELECT action FROM vpc_flow_logs WHERE action = '-')

-- if of EXISTS
SELECT if(EXISTS (SELECT 1 FROM vpc_flow_logs WHERE bytes < -5), 'yes', 'no'), NOT EXISTS (SELECT 1 FROM vpc_flow_logs WHERE bytes < -5)

-- a subquery with IN, tied to the row
SELECT a.day, (SELECT count(*) FROM vpc_flow_logs b WHERE b.day = a.day AND b.action IN (SELECT action FROM vpc_flow_logs c WHERE c.day = '15')) FROM (SELECT DISTINCT day FROM vpc_flow_logs) a ORDER BY 1

-- IN within IN as a value
SELECT day, action IN (SELECT action FROM vpc_flow_logs WHERE srcport IN (SELECT dstport FROM vpc_flow_logs WHERE day = '15') AND day = '16') x, count(*) FROM vpc_flow_logs GROUP BY 1, 2 ORDER BY 1, 2

-- coalesce of IN
SELECT count(*) FROM vpc_flow_logs WHERE coalesce(srcport IN (SELECT dstport FROM vpc_flow_logs), true)

-- addresses IN addresses
SELECT CAST(srcaddr AS ipaddress) IN (SELECT CAST(dstaddr AS ipaddress) FROM vpc_flow_logs WHERE dstaddr <> '-') k, count(*) FROM vpc_flow_logs WHERE srcaddr <> '-' GROUP BY 1 ORDER BY 1

-- two EXISTS in sums
SELECT sum(CASE WHEN EXISTS (SELECT 1) THEN 1 END) a, sum(CASE WHEN EXISTS (SELECT 1 FROM vpc_flow_logs WHERE bytes < -5) THEN 1 END) b FROM vpc_flow_logs

-- windows by two subqueries
SELECT rank() OVER (ORDER BY srcport IN (SELECT dstport FROM vpc_flow_logs WHERE dstport > 5)) a, rank() OVER (ORDER BY srcport IN (SELECT dstport FROM vpc_flow_logs WHERE dstport < 5)) b, srcport FROM vpc_flow_logs WHERE day = '15' ORDER BY 3, 1, 2

-- sums beside two averages
SELECT sum(CASE WHEN bytes > (SELECT avg(bytes) FROM vpc_flow_logs WHERE bytes < 1000) THEN 1 END) a, sum(CASE WHEN bytes > (SELECT avg(bytes) FROM vpc_flow_logs WHERE bytes < 500) THEN 1 END) b FROM vpc_flow_logs

-- groups by two averages
SELECT bytes > (SELECT avg(bytes) FROM vpc_flow_logs WHERE bytes < 1000) a, bytes > (SELECT avg(bytes) FROM vpc_flow_logs WHERE bytes < 500) b, count(*) FROM vpc_flow_logs GROUP BY 1, 2 ORDER BY 1, 2

-- largest of two subqueries
SELECT max((SELECT max(bytes) FROM vpc_flow_logs WHERE day = '15')), max((SELECT max(bytes) FROM vpc_flow_logs WHERE day = '16')) FROM vpc_flow_logs

-- two IN in FILTER
SELECT sum(bytes) FILTER (WHERE srcaddr IN (SELECT dstaddr FROM vpc_flow_logs WHERE day = '15')) a, sum(packets) FILTER (WHERE srcaddr IN (SELECT dstaddr FROM vpc_flow_logs WHERE day = '16')) b FROM vpc_flow_logs WHERE day = '15'

-- ordered by a literal that a LEFT JOIN pads
SELECT a.k, b.x FROM (SELECT DISTINCT dstport AS k FROM vpc_flow_logs WHERE day = '15') a LEFT JOIN (SELECT DISTINCT dstport AS k, 5 AS x FROM vpc_flow_logs WHERE day = '16') b ON a.k = b.k ORDER BY b.x, a.k

-- ordered by what the subquery of a LEFT JOIN fixes
SELECT a.k, b.x FROM (SELECT DISTINCT dstport AS k FROM vpc_flow_logs WHERE day = '15') a LEFT JOIN (SELECT DISTINCT dstport AS k, action AS x FROM vpc_flow_logs WHERE day = '16' AND action = 'ACCEPT') b ON a.k = b.k ORDER BY b.x NULLS FIRST, a.k

-- ordered by literals of a FULL JOIN
SELECT a.k, a.x, b.x FROM (SELECT DISTINCT dstport AS k, 'a' AS x FROM vpc_flow_logs WHERE day = '15') a FULL JOIN (SELECT DISTINCT dstport AS k, 'b' AS x FROM vpc_flow_logs WHERE day = '16') b ON a.k = b.k ORDER BY a.x, b.x, a.k, b.k LIMIT 20

-- ordered by literals of a RIGHT JOIN
SELECT a.k, a.x, b.x FROM (SELECT DISTINCT dstport AS k, 'a' AS x FROM vpc_flow_logs WHERE day = '15') a RIGHT JOIN (SELECT DISTINCT dstport AS k, 'b' AS x FROM vpc_flow_logs WHERE day = '16') b ON a.k = b.k ORDER BY a.x, b.x, a.k, b.k LIMIT 20

-- a window over what a LEFT JOIN pads
SELECT x, row_number() OVER (ORDER BY x NULLS FIRST, k) FROM (SELECT a.k, b.x FROM (SELECT DISTINCT dstport AS k FROM vpc_flow_logs WHERE day = '15') a LEFT JOIN (SELECT DISTINCT dstport AS k, action AS x FROM vpc_flow_logs WHERE day = '16' AND action = 'ACCEPT') b ON a.k = b.k) ORDER BY 2

-- EXISTS of an aggregate of nothing
SELECT day, count(*) FROM vpc_flow_logs a WHERE EXISTS (SELECT count(*) FROM vpc_flow_logs b WHERE b.dstaddr=a.srcaddr AND b.day='99') GROUP BY day ORDER BY day

-- NOT EXISTS of an aggregate of nothing
SELECT count(*) FROM vpc_flow_logs a WHERE NOT EXISTS (SELECT max(bytes) FROM vpc_flow_logs b WHERE b.dstaddr=a.srcaddr AND b.day='99')

-- EXISTS of a sum as a value
SELECT count_if(EXISTS (SELECT sum(b.packets) FROM vpc_flow_logs b WHERE b.dstaddr=a.srcaddr)) FROM vpc_flow_logs a

-- a name from VALUES, tied to the row
SELECT DISTINCT srcaddr, (SELECT name FROM (VALUES ('10.0.0.5','host'),('-','none')) n(ip,name) WHERE n.ip=a.srcaddr) AS n FROM vpc_flow_logs a ORDER BY 1

-- several rows for one value, tied to the row
-- refused
SELECT (SELECT b.bytes FROM vpc_flow_logs b WHERE b.dstport = a.dstport) FROM vpc_flow_logs a

-- a value of groups, tied to the row
SELECT day, (SELECT m FROM (SELECT day AS d, max(bytes) AS m FROM vpc_flow_logs GROUP BY day) x WHERE x.d = a.day) AS m FROM (SELECT DISTINCT day FROM vpc_flow_logs) a ORDER BY 1

-- a comparison with groups, tied to the row
SELECT count(*) FROM vpc_flow_logs a WHERE a.bytes = (SELECT m FROM (SELECT action AS d, max(bytes) AS m FROM vpc_flow_logs GROUP BY action) x WHERE x.d = a.action)

-- tied by what is computed
-- differs: subqueries tied to what is around them by something else than `=`
SELECT x, (SELECT count(*) FROM (VALUES (1,'p'),(2,'q')) b(x,y) WHERE b.x+1=a.x) FROM (VALUES 1, 2, 3) a(x) ORDER BY 1

-- all rows that are tied
-- differs: subqueries tied to what is around them by something else than `=`
SELECT x, x >= ALL (SELECT b.y FROM (VALUES 1, 2) b(y) WHERE b.y = a.x) FROM (VALUES 1, 2, 3) a(x) ORDER BY 1

-- a sum of names from VALUES
SELECT sum((SELECT n FROM (VALUES ('10.0.0.5', 3), ('-', 5)) v(ip, n) WHERE v.ip = a.srcaddr)) FROM vpc_flow_logs a

-- groups by names from VALUES
SELECT (SELECT n FROM (VALUES ('10.0.0.5', 3), ('-', 5)) v(ip, n) WHERE v.ip = a.srcaddr) k, count(*) FROM vpc_flow_logs a GROUP BY 1 ORDER BY 1

-- a tied subquery with its own GROUP BY
SELECT action, (SELECT count(*) FROM vpc_flow_logs b WHERE b.action = a.action GROUP BY b.action) FROM (SELECT DISTINCT action FROM vpc_flow_logs) a ORDER BY 1

-- the largest of tied rows by LIMIT
-- differs: subqueries tied to what is around them by something else than `=`
SELECT DISTINCT a.dstport, (SELECT b.bytes FROM vpc_flow_logs b WHERE b.dstport = a.dstport ORDER BY b.bytes DESC LIMIT 1) FROM vpc_flow_logs a ORDER BY 1

-- EXISTS with LIMIT
SELECT count(*) FROM vpc_flow_logs a WHERE EXISTS (SELECT 1 FROM vpc_flow_logs b WHERE b.dstaddr = a.srcaddr LIMIT 1)

-- HAVING without GROUP BY in a tied subquery
-- refused
SELECT count(*) FROM vpc_flow_logs a WHERE a.bytes = (SELECT max(b.bytes) FROM vpc_flow_logs b WHERE b.dstaddr = a.srcaddr HAVING count(*) > 3)

-- HAVING of nothing in a tied subquery
-- refused
SELECT a.day, (SELECT count(*) FROM vpc_flow_logs b WHERE b.day = a.day AND b.action = 'REJECT' HAVING count(*) = 0) FROM (SELECT DISTINCT day FROM vpc_flow_logs) a ORDER BY 1

-- sums of tied groups
SELECT a.day, (SELECT sum(b.n) FROM (SELECT day, count(*) n FROM vpc_flow_logs c WHERE c.day = a.day GROUP BY day, action) b) FROM (SELECT DISTINCT day FROM vpc_flow_logs) a ORDER BY 1

-- EXISTS with HAVING
SELECT count(*) FROM vpc_flow_logs a WHERE EXISTS (SELECT c.action FROM vpc_flow_logs c WHERE c.day = a.day GROUP BY c.action HAVING count(*) > 100)

-- ordered by a literal that a join compares
SELECT b.lit FROM (SELECT DISTINCT dstport c1 FROM vpc_flow_logs) a JOIN (SELECT action, 443 AS lit FROM vpc_flow_logs GROUP BY 1) b ON a.c1=b.lit ORDER BY 1

-- no row of a literal in CASE
SELECT CASE WHEN (SELECT 1 FROM vpc_flow_logs WHERE day='99' LIMIT 1) IS NULL THEN 'no data' ELSE 'data' END

-- no row of a literal is NULL
SELECT count(*) FROM vpc_flow_logs WHERE (SELECT 1 FROM vpc_flow_logs WHERE day='99' LIMIT 1) IS NOT NULL

-- no row of a partition column
SELECT count(*) FROM vpc_flow_logs WHERE day='16' AND (SELECT day FROM vpc_flow_logs WHERE day='99') IS NULL

-- no group is NULL
SELECT count(*) FROM vpc_flow_logs WHERE day='16' AND (SELECT count(*) FROM vpc_flow_logs WHERE day='99' GROUP BY day) IS NULL

-- no tied group
SELECT day, coalesce((SELECT count(*) FROM vpc_flow_logs b WHERE b.day=a.day AND b.action='REJECT' GROUP BY b.day), 0) r FROM (SELECT DISTINCT day FROM vpc_flow_logs) a ORDER BY 1

-- no rows shown
SELECT coalesce((SELECT count(*) FROM vpc_flow_logs WHERE day='99' GROUP BY day), -1), coalesce((SELECT 'x' FROM vpc_flow_logs WHERE day='99' LIMIT 1), 'none')

-- no row of a condition
SELECT (SELECT true FROM (VALUES 1) v(z) WHERE z > 1) n, (SELECT count(*) FROM vpc_flow_logs HAVING count(*) < 5)

-- no row of WITH
WITH p AS (SELECT 443 AS port WHERE 1=2) SELECT count_if((SELECT port FROM p) IS NULL) FROM vpc_flow_logs

-- more than the average of nothing
SELECT count(*) FROM vpc_flow_logs WHERE bytes > (SELECT avg(bytes) FROM vpc_flow_logs WHERE day = '99')

-- no row beside VALUES
SELECT x, (SELECT 1 FROM vpc_flow_logs WHERE day='99') n FROM (VALUES 1,2) t(x) ORDER BY 1

-- quiet days
SELECT day, CASE WHEN (SELECT count(*) FROM vpc_flow_logs b WHERE b.day=a.day AND b.action='REJECT' GROUP BY b.day) IS NULL THEN 'quiet' ELSE 'noisy' END x FROM (SELECT DISTINCT day FROM vpc_flow_logs) a ORDER BY 1

-- differs from any, with NULL
SELECT count(*) FROM vpc_flow_logs WHERE bytes <> ANY (SELECT bytes FROM vpc_flow_logs WHERE day='16')

-- not all equal, with NULL
SELECT count(*) FROM vpc_flow_logs WHERE NOT (bytes = ALL (SELECT bytes FROM vpc_flow_logs WHERE day='16'))

-- ordered by a tied subquery
SELECT day FROM (SELECT DISTINCT day FROM vpc_flow_logs) a ORDER BY (SELECT count(*) FROM vpc_flow_logs b WHERE b.day = a.day), day

-- a window over a tied subquery
SELECT day, rank() OVER (ORDER BY (SELECT count(*) FROM vpc_flow_logs b WHERE b.day = a.day) DESC) r FROM (SELECT DISTINCT day FROM vpc_flow_logs) a ORDER BY 2, 1

-- ordered by a literal of a JOIN
SELECT a.protocol, b.proto, a.n, b.m FROM (SELECT protocol, count(*) n FROM vpc_flow_logs GROUP BY 1) a JOIN (SELECT 6 proto, action, count(*) m FROM vpc_flow_logs WHERE protocol = 6 GROUP BY action) b ON a.protocol=b.proto ORDER BY proto, m
