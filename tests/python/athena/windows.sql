-- row_number
SELECT * FROM (SELECT dstport, bytes, row_number() OVER (PARTITION BY dstport ORDER BY bytes DESC, start, interface_id, srcaddr, dstaddr) AS place FROM vpc_flow_logs WHERE day = '15') WHERE place <= 2 ORDER BY dstport, place

-- rank puts NULL last
SELECT bytes, rank() OVER (ORDER BY bytes DESC) AS r, dense_rank() OVER (ORDER BY bytes DESC) AS d FROM vpc_flow_logs WHERE day = '16' ORDER BY r, d, bytes

-- rank of sums
SELECT srcaddr, sum(bytes) AS total, rank() OVER (ORDER BY sum(bytes) DESC) AS place FROM vpc_flow_logs WHERE day = '15' GROUP BY srcaddr ORDER BY place, srcaddr

-- share of the whole
SELECT srcaddr, sum(bytes) AS total, 100e0 * sum(bytes) / sum(sum(bytes)) OVER () AS percent FROM vpc_flow_logs WHERE day = '15' AND bytes > 0 GROUP BY srcaddr ORDER BY percent DESC, srcaddr

-- running sum
SELECT start, bytes, sum(bytes) OVER (ORDER BY start, bytes ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS running FROM vpc_flow_logs WHERE interface_id = 'eni-00000000000000abc' ORDER BY start

-- running sum over ties
SELECT dstport, packets, sum(packets) OVER (ORDER BY dstport) AS running FROM vpc_flow_logs WHERE day = '16' ORDER BY dstport, packets

-- moving average
SELECT start, avg(bytes) OVER (ORDER BY start ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS mean FROM vpc_flow_logs WHERE interface_id = 'eni-00000000000000abc' ORDER BY start

-- lag and lead
SELECT start, lag(start) OVER (ORDER BY start) AS before, lead(start, 2) OVER (ORDER BY start) AS after, lag(start, 1, 0) OVER (ORDER BY start) AS zero FROM vpc_flow_logs WHERE interface_id = 'eni-00000000000000abc' ORDER BY start

-- gaps of an interface
SELECT interface_id, start, start - lag("end") OVER (PARTITION BY interface_id ORDER BY start, "end") AS gap FROM vpc_flow_logs WHERE day = '28' ORDER BY gap DESC, interface_id, start

-- first and last value
SELECT start, first_value(instance_tag) OVER (ORDER BY start) AS f, last_value(instance_tag) OVER (ORDER BY start) AS l, last_value(instance_tag) OVER (ORDER BY start ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS whole, nth_value(instance_tag, 2) OVER (ORDER BY start) AS second FROM vpc_flow_logs WHERE interface_id = 'eni-00000000000000abc' ORDER BY start

-- values without NULLs
SELECT start, lag(traffic_path) IGNORE NULLS OVER (ORDER BY start) AS b, first_value(nullif(traffic_path, 1)) IGNORE NULLS OVER (ORDER BY start) AS f FROM vpc_flow_logs WHERE interface_id = 'eni-00000000000000abc' ORDER BY start

-- values that are all NULL
SELECT start, lag(bytes) IGNORE NULLS OVER (PARTITION BY day ORDER BY start) AS b, lag(bytes, 1, -1) OVER (PARTITION BY day ORDER BY start) AS z FROM vpc_flow_logs WHERE day = '28' ORDER BY start

-- first value in descending order
SELECT interface_id, first_value(bytes) OVER (PARTITION BY interface_id ORDER BY bytes DESC) AS most FROM vpc_flow_logs WHERE day = '16' ORDER BY 1, 2

-- quarters
SELECT bytes, ntile(4) OVER (ORDER BY bytes, start) AS quarter FROM vpc_flow_logs WHERE interface_id = 'eni-00000000000000abc' ORDER BY bytes

-- percent_rank and cume_dist
SELECT packets, percent_rank() OVER (ORDER BY packets) AS p, cume_dist() OVER (ORDER BY packets) AS c FROM vpc_flow_logs WHERE day = '16' ORDER BY 1, 2, 3

-- a named window
SELECT start, sum(bytes) OVER w AS total, count(*) OVER w AS n FROM vpc_flow_logs WHERE interface_id = 'eni-00000000000000abc' WINDOW w AS (ORDER BY start) ORDER BY start

-- range of seconds
SELECT start, count(*) OVER (ORDER BY start RANGE BETWEEN 7200 PRECEDING AND CURRENT ROW) AS lately FROM vpc_flow_logs WHERE interface_id = 'eni-00000000000000abc' ORDER BY start

-- groups
SELECT dstport, count(*) OVER (ORDER BY dstport GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW) AS n FROM vpc_flow_logs WHERE day = '16' ORDER BY 1, 2

-- frame to the end
SELECT start, min(bytes) OVER (ORDER BY start ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING) AS least, max(bytes) OVER (ORDER BY start ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) AS most FROM vpc_flow_logs WHERE interface_id = 'eni-00000000000000abc' ORDER BY start

-- an empty frame
SELECT start, sum(bytes) OVER (ORDER BY start ROWS BETWEEN 3 PRECEDING AND 2 PRECEDING) AS s, count(bytes) OVER (ORDER BY start ROWS BETWEEN 3 PRECEDING AND 2 PRECEDING) AS n FROM vpc_flow_logs WHERE interface_id = 'eni-00000000000000abc' ORDER BY start LIMIT 5

-- a window in order by
SELECT instance_tag FROM vpc_flow_logs WHERE interface_id = 'eni-00000000000000abc' ORDER BY row_number() OVER (ORDER BY bytes DESC) LIMIT 3

-- a window with a filter
-- refused
SELECT start, count(*) FILTER (WHERE bytes > 1000) OVER (ORDER BY start) AS big FROM vpc_flow_logs WHERE interface_id = 'eni-00000000000000abc' ORDER BY start

-- array_agg over a window
SELECT start, array_agg(packets) OVER (ORDER BY start ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS a FROM vpc_flow_logs WHERE interface_id = 'eni-00000000000000abc' ORDER BY start LIMIT 4

-- max_by over a window
-- differs: `EXCEPT ALL` and `INTERSECT ALL` of `*`
SELECT DISTINCT interface_id, max_by(dstaddr, start) OVER (PARTITION BY interface_id) AS newest FROM vpc_flow_logs WHERE interface_id = 'eni-00000000000000abc'

-- a window in where
-- refused
SELECT srcaddr FROM vpc_flow_logs WHERE row_number() OVER (ORDER BY bytes) = 1

-- qualify is not there
-- refused
SELECT srcaddr, row_number() OVER (ORDER BY bytes) AS n FROM vpc_flow_logs WHERE day = '15' QUALIFY n = 1

-- a distinct count over a window
SELECT DISTINCT day, count(DISTINCT srcaddr) OVER (PARTITION BY day) AS n FROM vpc_flow_logs ORDER BY day, n

-- an hour against the hour before
SELECT h, flows, flows - lag(flows) OVER (ORDER BY h) AS more FROM (SELECT hour(from_unixtime(start)) AS h, count(*) AS flows FROM vpc_flow_logs WHERE day = '15' GROUP BY 1) ORDER BY h

-- top of each group
WITH ranked AS (SELECT protocol, srcaddr, sum(bytes) AS total, row_number() OVER (PARTITION BY protocol ORDER BY sum(bytes) DESC, srcaddr) AS place FROM vpc_flow_logs WHERE day = '15' GROUP BY protocol, srcaddr) SELECT protocol, srcaddr, total FROM ranked WHERE place <= 2 ORDER BY protocol, place

-- sessions by gaps
SELECT interface_id, session, count(*) AS flows, min(start) AS first FROM (SELECT *, sum(if(start - before > 3600, 1, 0)) OVER (PARTITION BY interface_id ORDER BY start, "end", before ROWS UNBOUNDED PRECEDING) AS session FROM (SELECT interface_id, start, "end", lag(start) OVER (PARTITION BY interface_id ORDER BY start, "end") AS before FROM vpc_flow_logs WHERE day = '16')) GROUP BY 1, 2 ORDER BY 1, 2

-- lag with another column where there is none
SELECT start, bytes, lag(bytes, 2, packets) OVER (PARTITION BY action ORDER BY start, bytes, packets, srcport) AS before, lead(bytes, 1, -packets) OVER (PARTITION BY action ORDER BY start, bytes, packets, srcport) AS after FROM vpc_flow_logs WHERE day = '15' ORDER BY 1, 2, 3, 4

-- lag with an expression over NULLs
SELECT x, lag(y, 1, x * 10) OVER (ORDER BY x) AS before FROM (VALUES (1, 5), (2, NULL), (3, 7)) AS t(x, y) ORDER BY x

-- a named window with an order of its own
SELECT action, start, bytes, sum(bytes) OVER (w ORDER BY start, bytes, srcport) AS s FROM vpc_flow_logs WHERE day = '16' WINDOW w AS (PARTITION BY action) ORDER BY 1, 2, 3, 4

-- a named window with a frame of its own
SELECT action, start, count(*) OVER (w ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS n FROM vpc_flow_logs WHERE day = '16' WINDOW w AS (PARTITION BY action ORDER BY start) ORDER BY 1, 2, 3

-- a window of a window
SELECT action, start, row_number() OVER w2 AS n, count(*) OVER (w1) AS m FROM vpc_flow_logs WHERE day = '16' WINDOW w1 AS (PARTITION BY action), w2 AS (w1 ORDER BY start, bytes, srcport, dstport, srcaddr) ORDER BY action, n

-- a window named within a subquery too
SELECT k, n, count(*) OVER w AS m FROM (SELECT action AS k, row_number() OVER (w ORDER BY start, bytes, srcport) AS n FROM vpc_flow_logs WHERE day = '16' WINDOW w AS (PARTITION BY action)) AS s WINDOW w AS (PARTITION BY n) ORDER BY 1, 2

-- order by a named window
SELECT action, bytes FROM vpc_flow_logs WHERE day = '16' WINDOW w AS (PARTITION BY action ORDER BY bytes) ORDER BY rank() OVER w, action, bytes

-- rank by addresses
SELECT row_number() OVER (ORDER BY CAST(srcaddr AS ipaddress), start, bytes, srcport) AS r, srcaddr FROM vpc_flow_logs WHERE day = '16' AND srcaddr <> '-' ORDER BY 1 LIMIT 3
