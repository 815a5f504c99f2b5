-- union removes what comes twice
SELECT action FROM vpc_flow_logs WHERE day = '15' UNION SELECT action FROM vpc_flow_logs WHERE day = '16' ORDER BY 1

-- union all
SELECT 'src' AS side, srcaddr AS addr, sum(bytes) AS bytes FROM vpc_flow_logs WHERE day = '16' GROUP BY srcaddr UNION ALL SELECT 'dst', dstaddr, sum(bytes) FROM vpc_flow_logs WHERE day = '16' GROUP BY dstaddr ORDER BY bytes DESC, side, addr

-- both directions of an address
SELECT addr, sum(bytes) AS total FROM (SELECT srcaddr AS addr, bytes FROM vpc_flow_logs WHERE day = '15' UNION ALL SELECT dstaddr, bytes FROM vpc_flow_logs WHERE day = '15') GROUP BY addr ORDER BY total DESC, addr LIMIT 5

-- intersect
SELECT srcaddr FROM vpc_flow_logs WHERE day = '15' INTERSECT SELECT dstaddr FROM vpc_flow_logs WHERE day = '16' ORDER BY 1

-- except
SELECT dstaddr FROM vpc_flow_logs WHERE day = '15' EXCEPT SELECT srcaddr FROM vpc_flow_logs WHERE day = '16' AND action = 'ACCEPT' ORDER BY 1

-- except all
SELECT x FROM (VALUES 1, 1, 2, 3) AS t(x) EXCEPT ALL SELECT x FROM (VALUES 1, 3) AS t(x) ORDER BY 1

-- intersect all
SELECT x FROM (VALUES 1, 1, 1, 2) AS t(x) INTERSECT ALL SELECT x FROM (VALUES 1, 1, 3) AS t(x) ORDER BY 1

-- intersect binds closer
SELECT 1 AS x UNION SELECT 2 INTERSECT SELECT 2 ORDER BY x

-- NULLs are the same in a union
SELECT bytes FROM vpc_flow_logs WHERE day = '28' UNION SELECT NULL

-- types of a union
SELECT 1 AS x UNION ALL SELECT 2.5 UNION ALL SELECT 3e0 ORDER BY x

-- int and bigint in a union
SELECT dstport AS x FROM vpc_flow_logs WHERE day = '16' UNION SELECT bytes FROM vpc_flow_logs WHERE day = '16' ORDER BY x

-- a number and a text in a union
-- refused
SELECT dstport FROM vpc_flow_logs WHERE day = '16' UNION SELECT srcaddr FROM vpc_flow_logs WHERE day = '16'

-- other numbers of columns
-- refused
SELECT 1, 2 UNION SELECT 1

-- parentheses and limits
(SELECT DISTINCT dstport FROM vpc_flow_logs WHERE day = '15' ORDER BY dstport LIMIT 2) UNION ALL (SELECT DISTINCT dstport FROM vpc_flow_logs WHERE day = '15' ORDER BY dstport DESC LIMIT 2) ORDER BY 1

-- names come from the first
SELECT count(*) AS flows, 'day 15' AS label FROM vpc_flow_logs WHERE day = '15' UNION ALL SELECT count(*), 'day 16' FROM vpc_flow_logs WHERE day = '16' ORDER BY label

-- distinct on an expression
SELECT DISTINCT substr(srcaddr, 1, 3) AS p FROM vpc_flow_logs WHERE day = '15' ORDER BY p

-- a date and a time in a union
SELECT DATE '2026-01-15' AS d UNION ALL SELECT TIMESTAMP '2026-01-15 01:00:00' ORDER BY 1

-- except of other scales
-- differs: show the type that both have in common
SELECT x FROM (VALUES 1, 2) AS t(x) EXCEPT SELECT y FROM (VALUES 2.0, 3.5) AS u(y)

-- except all of several columns
SELECT a, b FROM (VALUES (1, 'x'), (1, 'x'), (2, NULL), (2, NULL), (3, 'y')) AS t(a, b) EXCEPT ALL SELECT c, d FROM (VALUES (1, 'x'), (2, NULL), (4, 'z')) AS u(c, d) ORDER BY 1, 2

-- intersect all of columns
SELECT srcaddr, dstport AS port FROM vpc_flow_logs WHERE day = '16' INTERSECT ALL SELECT srcaddr, dstport FROM vpc_flow_logs WHERE day IN ('15', '16') AND action = 'ACCEPT' ORDER BY srcaddr, port

-- except all within
SELECT count(*) FROM (SELECT action FROM vpc_flow_logs WHERE day = '15' EXCEPT ALL SELECT action FROM vpc_flow_logs WHERE day = '16')

-- except all twice
SELECT x FROM (VALUES 1, 1, 1, 2) AS t(x) EXCEPT ALL SELECT 1 EXCEPT ALL SELECT x + 0 FROM (VALUES 1, 2) AS u(x)

-- intersect all and union
SELECT x FROM (VALUES 1, 1, 2) AS t(x) UNION ALL SELECT x FROM (VALUES 1, 1, 3) AS u(x) INTERSECT ALL SELECT x FROM (VALUES 1, 1, 1) AS v(x) ORDER BY 1

-- except all of a star
-- differs: `EXCEPT ALL` and `INTERSECT ALL` of `*`
SELECT * FROM (VALUES 1, 1) AS t(x) EXCEPT ALL SELECT * FROM (VALUES 1) AS u(x)

-- limit of a union told apart by a literal
SELECT srcport * 0 AS p, 'b' AS side FROM vpc_flow_logs WHERE day = '15' AND srcport IS NOT NULL UNION ALL SELECT dstport * 0, 'a' FROM vpc_flow_logs WHERE day = '15' AND dstport IS NOT NULL ORDER BY 1, 2 LIMIT 3

-- limit of a union told apart by a filter
SELECT protocol * 0 AS p, action FROM vpc_flow_logs WHERE action = 'REJECT' UNION ALL SELECT protocol * 0, action FROM vpc_flow_logs WHERE action = 'ACCEPT' ORDER BY 1 NULLS LAST, 2 LIMIT 4

-- last of a union told apart by a partition key
SELECT 0 AS p, day FROM vpc_flow_logs WHERE day = '15' UNION ALL SELECT 0, day FROM vpc_flow_logs WHERE day = '16' ORDER BY p, day DESC LIMIT 2

-- a sample of nothing
-- differs: `TABLESAMPLE`
SELECT count(*) FROM vpc_flow_logs TABLESAMPLE SYSTEM (0)
