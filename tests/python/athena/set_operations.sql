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
-- differs: `EXCEPT ALL`, `INTERSECT ALL`
SELECT x FROM (VALUES 1, 1, 2, 3) AS t(x) EXCEPT ALL SELECT x FROM (VALUES 1, 3) AS t(x) ORDER BY 1

-- intersect all
-- differs: `EXCEPT ALL`, `INTERSECT ALL`
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
