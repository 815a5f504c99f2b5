-- a view
CREATE VIEW flows AS SELECT srcaddr, dstaddr, bytes, day FROM vpc_flow_logs WHERE year = '2026';
SELECT srcaddr, sum(bytes) AS total FROM flows WHERE day = '15' GROUP BY srcaddr ORDER BY total DESC, srcaddr

-- a view that is replaced
CREATE OR REPLACE VIEW flows AS SELECT srcaddr FROM vpc_flow_logs WHERE day = '15';
CREATE OR REPLACE VIEW flows AS SELECT dstaddr FROM vpc_flow_logs WHERE day = '16';
SELECT dstaddr, count(*) AS n FROM flows GROUP BY 1 ORDER BY 1

-- a view that is there
-- refused
CREATE VIEW flows AS SELECT srcaddr FROM vpc_flow_logs;
CREATE VIEW flows AS SELECT dstaddr FROM vpc_flow_logs;
SELECT 1

-- a view with the name of the database
CREATE VIEW network.local_flows AS SELECT *, date(from_unixtime(start) AT TIME ZONE 'Asia/Tokyo') AS local_day FROM network.vpc_flow_logs;
SELECT local_day, count(*) AS flows FROM network.local_flows WHERE year = '2026' AND month = '01' GROUP BY local_day ORDER BY local_day

-- a view with quoted names
CREATE OR REPLACE VIEW "network"."named" AS SELECT "end" AS "stop", "start" AS begin FROM "network"."vpc_flow_logs" WHERE "day" = '16';
SELECT max(stop) - min(begin) AS seconds FROM "network"."named"

-- a view over a view
CREATE VIEW v1 AS SELECT srcaddr, bytes / 1024.0 AS kb FROM vpc_flow_logs WHERE day = '16';
CREATE VIEW v2 AS SELECT srcaddr, sum(kb) AS kb FROM v1 GROUP BY srcaddr;
SELECT * FROM v2 ORDER BY kb DESC, srcaddr

-- a view keeps its columns
CREATE VIEW v3 AS SELECT day AS d, count(*) AS n FROM vpc_flow_logs GROUP BY day;
SELECT n FROM v3 WHERE d = '16'

-- a column that a view lacks
-- refused
CREATE VIEW v4 AS SELECT srcaddr FROM vpc_flow_logs;
SELECT dstaddr FROM v4

-- a view with an expression without a name
-- refused
CREATE VIEW v5 AS SELECT count(*) FROM vpc_flow_logs;
SELECT * FROM v5

-- with
WITH big AS (SELECT srcaddr, bytes FROM vpc_flow_logs WHERE day = '15' AND bytes > 100000) SELECT srcaddr, count(*) AS n, sum(bytes) AS total FROM big GROUP BY srcaddr ORDER BY n DESC, total DESC, srcaddr

-- with names of columns
WITH sums(addr, total) AS (SELECT srcaddr, sum(bytes) FROM vpc_flow_logs WHERE day = '16' GROUP BY 1) SELECT addr, total FROM sums WHERE total > 1000 ORDER BY total DESC, addr

-- with used twice
WITH f AS (SELECT interface_id, sum(bytes) AS b FROM vpc_flow_logs WHERE day = '15' GROUP BY interface_id) SELECT interface_id, b FROM f WHERE b > (SELECT avg(b) FROM f) ORDER BY 1

-- with over with
WITH a AS (SELECT dstport, bytes FROM vpc_flow_logs WHERE day = '15'), b AS (SELECT dstport, sum(bytes) AS total FROM a GROUP BY dstport) SELECT * FROM b ORDER BY total DESC, dstport

-- with hides the table
WITH vpc_flow_logs AS (SELECT 1 AS one) SELECT * FROM vpc_flow_logs

-- recursive with
WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT sum(n) FROM t

-- with in a subquery
SELECT * FROM (WITH x AS (SELECT 1 AS a) SELECT a + 1 AS b FROM x)

-- names of databases
SELECT count(*) FROM network.vpc_flow_logs WHERE day = '16'

-- quoted names of databases
SELECT count(*) FROM "network"."vpc_flow_logs" WHERE "day" = '16'

-- names in upper case
SELECT SRCADDR, Count(*) AS N FROM VPC_FLOW_LOGS WHERE DAY = '16' GROUP BY SrcAddr ORDER BY SRCADDR

-- names with the table's
SELECT vpc_flow_logs.srcaddr, count(*) FROM vpc_flow_logs WHERE vpc_flow_logs.day = '16' GROUP BY vpc_flow_logs.srcaddr ORDER BY 1

-- quoted names in upper case
-- differs: numbers of other bases
SELECT "SRCADDR", "Day" FROM vpc_flow_logs WHERE day = '16' ORDER BY 1, start LIMIT 2

-- prepared with a value
PREPARE by_day FROM SELECT count(*) AS n, sum(bytes) AS total FROM vpc_flow_logs WHERE day = ? AND bytes > ?;
EXECUTE by_day USING '15', 1000

-- execute immediate
EXECUTE IMMEDIATE 'SELECT count(*) AS n FROM vpc_flow_logs WHERE day = ?' USING '16'

-- the name of the file
SELECT count(DISTINCT "$path") AS files FROM vpc_flow_logs WHERE day = '15'

-- the name of the file in a condition
SELECT count(*) FROM vpc_flow_logs WHERE "$path" LIKE '%/day=16/%'

-- comments
SELECT /* how many */ count(*) -- flows
FROM vpc_flow_logs /* of
several lines */ WHERE day = '16'

-- a statement with empty space
   SELECT
     count ( * )
   FROM   vpc_flow_logs	WHERE day='16'

-- prepared with an expression
PREPARE n FROM SELECT ? * 2 AS twice, count(*) AS n FROM vpc_flow_logs WHERE day IN (?, ?) AND dstport BETWEEN ? AND ?;
EXECUTE n USING 1 + 2, '15', concat('1', '6'), 22, 400 + 43

-- prepared and not enough values
-- refused
PREPARE n FROM SELECT count(*) FROM vpc_flow_logs WHERE day = ?;
EXECUTE n

-- prepared two times
PREPARE n FROM SELECT count(*) AS n FROM vpc_flow_logs WHERE day = ?;
PREPARE m FROM SELECT count(*) AS m FROM vpc_flow_logs WHERE day <> ?;
EXECUTE n USING '15'

-- not prepared
-- refused
EXECUTE never_prepared USING 1

-- prepared wrongly
-- refused
PREPARE n FROM SELEC 1

-- files and their rows
SELECT count(DISTINCT "$path") AS files, count(*) AS n, count("$path") AS paths FROM vpc_flow_logs AS f WHERE f.year = '2026'

-- files with a star
SELECT count(*) FROM (SELECT "$path" AS p, * FROM vpc_flow_logs WHERE day = '16') WHERE p LIKE '%day=16%' AND bytes > 0

-- files by day
SELECT regexp_extract("$path", 'day=(\d+)', 1) AS d, count(*) AS n FROM vpc_flow_logs GROUP BY 1 ORDER BY 1

-- a prepared statement about files
PREPARE p FROM SELECT count(*) AS n FROM vpc_flow_logs WHERE "$path" LIKE ?;
EXECUTE p USING '%day=15%'

-- view with an expression that has no name
-- refused
CREATE VIEW v9 AS SELECT day, start + 1 FROM vpc_flow_logs;
SELECT * FROM v9

-- view with names of its own
-- differs: `IPPREFIX`, `CREATE VIEW name (column)`
-- refused
CREATE VIEW v10 (day, n) AS SELECT day, count(*) FROM vpc_flow_logs GROUP BY 1;
SELECT * FROM v10 ORDER BY day LIMIT 2
