-- usual ones
SELECT count(*), count(bytes), sum(bytes), avg(bytes), min(bytes), max(bytes), sum(packets), count(DISTINCT srcaddr) FROM vpc_flow_logs WHERE year = '2026' AND day = '15'

-- of no rows
SELECT count(*), count(bytes), sum(bytes), avg(bytes), min(bytes), max(srcaddr), count_if(bytes > 0), array_agg(bytes), approx_distinct(srcaddr) FROM vpc_flow_logs WHERE day = '99'

-- of no rows with groups
SELECT srcaddr, count(*) FROM vpc_flow_logs WHERE day = '99' GROUP BY srcaddr

-- of rows that are all NULL
SELECT count(*), count(bytes), sum(bytes), avg(bytes), min(bytes), max(bytes), stddev(bytes), count_if(bytes > 0), bool_or(bytes > 0) FROM vpc_flow_logs WHERE day = '28'

-- averages
SELECT avg(bytes) AS b, avg(srcport) AS p, avg(packets * 1e0) AS d, avg(dstport) AS dp FROM vpc_flow_logs WHERE day = '16'

-- count_if and filter
SELECT count_if(action = 'REJECT') AS rejects, count(*) FILTER (WHERE action = 'REJECT') AS same, sum(bytes) FILTER (WHERE protocol = 17) AS udp, sum(if(action = 'ACCEPT', bytes, 0)) AS accepted FROM vpc_flow_logs WHERE day = '15'

-- sum of a case
SELECT sum(CASE WHEN flow_direction = 'egress' THEN bytes ELSE 0 END) AS sent, sum(CASE WHEN flow_direction = 'ingress' THEN bytes END) AS got FROM vpc_flow_logs WHERE day = '15'

-- having
SELECT srcaddr, count(*) AS flows FROM vpc_flow_logs WHERE day = '15' GROUP BY srcaddr HAVING count(*) > 15 ORDER BY flows DESC, srcaddr

-- having without group by
SELECT sum(bytes) AS total FROM vpc_flow_logs WHERE day = '16' HAVING count(*) > 1000

-- group by an expression
SELECT dstport / 1000 AS thousand, count(*) FROM vpc_flow_logs WHERE day = '15' GROUP BY dstport / 1000 ORDER BY thousand

-- group by NULLs
SELECT traffic_path, count(*) FROM vpc_flow_logs WHERE day = '15' GROUP BY traffic_path ORDER BY traffic_path

-- grouping sets
SELECT action, protocol, count(*) AS flows FROM vpc_flow_logs WHERE day = '16' GROUP BY GROUPING SETS ((action, protocol), (action), ()) ORDER BY action NULLS FIRST, protocol NULLS FIRST, flows

-- rollup
SELECT day, action, sum(packets) AS packets FROM vpc_flow_logs WHERE year = '2026' GROUP BY ROLLUP (day, action) ORDER BY 1, 2, 3

-- cube
SELECT flow_direction, action, count(*) AS flows FROM vpc_flow_logs WHERE day = '15' GROUP BY CUBE (flow_direction, action) ORDER BY 1, 2, 3

-- grouping
SELECT action, grouping(action) AS g, count(*) FROM vpc_flow_logs WHERE day = '15' GROUP BY ROLLUP (action) ORDER BY g, action

-- grouping of two
SELECT day, action, grouping(day, action) AS g, count(*) AS n FROM vpc_flow_logs WHERE year = '2026' AND month = '01' GROUP BY GROUPING SETS ((day, action), (day), (action), ()) ORDER BY g, day, action

-- group by distinct values
SELECT DISTINCT protocol, action FROM vpc_flow_logs WHERE day = '15' ORDER BY protocol, action

-- count of distinct pairs
SELECT count(*) FROM (SELECT DISTINCT srcaddr, dstaddr FROM vpc_flow_logs WHERE day = '15')

-- several distinct counts
SELECT action, count(DISTINCT srcaddr) AS s, count(DISTINCT dstaddr) AS d, count(DISTINCT dstport) AS p, sum(DISTINCT dstport) AS sp FROM vpc_flow_logs WHERE day = '15' GROUP BY action ORDER BY action

-- count of distinct rows
SELECT count(DISTINCT (srcaddr, dstaddr)) FROM vpc_flow_logs WHERE day = '15'

-- max_by and min_by
SELECT max_by(instance_tag, bytes) AS most, min_by(instance_tag, bytes) AS least FROM vpc_flow_logs WHERE interface_id = 'eni-00000000000000abc'

-- max_by of several
SELECT max_by(instance_tag, bytes, 3) AS most, min_by(bytes, bytes, 2) AS least FROM vpc_flow_logs WHERE interface_id = 'eni-00000000000000abc'

-- max_by leaves out rows without an order
SELECT max_by(start, bytes) IS NULL AS nothing, max_by(srcaddr, bytes) AS a FROM vpc_flow_logs WHERE day = '28'

-- max of several
SELECT max(bytes, 3), min(bytes, 3), max(DISTINCT dstport) FROM vpc_flow_logs WHERE interface_id = 'eni-00000000000000abc'

-- array_agg in order
SELECT action, array_agg(DISTINCT protocol ORDER BY protocol DESC) AS protocols FROM vpc_flow_logs WHERE day = '15' GROUP BY action ORDER BY action

-- array_agg keeps NULL
SELECT array_agg(bytes ORDER BY bytes DESC, start) AS all_bytes, array_agg(bytes ORDER BY bytes) FILTER (WHERE bytes IS NOT NULL) AS some FROM vpc_flow_logs WHERE day = '16' AND interface_id = 'eni-00000000000000001'

-- array_agg of no rows
SELECT array_agg(bytes), cardinality(array_agg(bytes)) FROM vpc_flow_logs WHERE day = '99'

-- a list of ports
SELECT srcaddr, array_join(array_sort(array_agg(DISTINCT dstport)), ',') AS ports FROM vpc_flow_logs WHERE day = '15' GROUP BY srcaddr ORDER BY srcaddr

-- set_agg is not there
-- refused
SELECT array_sort(set_agg(protocol)) AS s FROM vpc_flow_logs WHERE day = '15'

-- listagg
SELECT listagg(DISTINCT action, ', ') WITHIN GROUP (ORDER BY action) AS actions FROM vpc_flow_logs WHERE day = '15'

-- listagg in groups
SELECT day, listagg(instance_tag, '|') WITHIN GROUP (ORDER BY start) AS tags FROM vpc_flow_logs WHERE interface_id = 'eni-00000000000000abc' GROUP BY day

-- listagg without a separator
SELECT listagg(action) WITHIN GROUP (ORDER BY start, action) AS actions FROM vpc_flow_logs WHERE day = '16' AND interface_id = 'eni-00000000000000001'

-- string_agg is not there
-- refused
SELECT string_agg(action, ',') FROM vpc_flow_logs WHERE day = '15'

-- group_concat is not there
-- refused
SELECT group_concat(action) FROM vpc_flow_logs WHERE day = '15'

-- approx_distinct
SELECT approx_distinct(protocol) AS protocols, approx_distinct(action) AS actions FROM vpc_flow_logs WHERE day = '15'

-- approx_distinct with an error
SELECT approx_distinct(action, 0.023e0) FROM vpc_flow_logs WHERE day = '15'

-- approx_percentile of a few rows
SELECT approx_percentile(packets, 0.5e0) AS median, approx_percentile(packets, 0.0e0) AS low, approx_percentile(packets, 1.0e0) AS high FROM vpc_flow_logs WHERE interface_id = 'eni-00000000000000abc'

-- approx_percentile keeps the type
SELECT approx_percentile(bytes, 1.0) AS most, approx_percentile(packets * 1e0, 1.0) AS d FROM vpc_flow_logs WHERE interface_id = 'eni-00000000000000abc'

-- approx_percentile of several
SELECT approx_percentile(packets, ARRAY[0.0, 1.0]) AS ends FROM vpc_flow_logs WHERE interface_id = 'eni-00000000000000abc'

-- arbitrary
SELECT srcaddr, arbitrary(srcaddr) AS a, any_value(srcaddr) AS b FROM vpc_flow_logs WHERE day = '16' GROUP BY srcaddr ORDER BY srcaddr

-- booleans
SELECT action, bool_and(bytes > 0) AS every_one, bool_or(bytes > 1000000) AS any_one, every(packets >= 0) AS e FROM vpc_flow_logs WHERE day = '15' GROUP BY action ORDER BY action

-- deviations
SELECT stddev(bytes), stddev_pop(bytes), stddev_samp(packets), variance(packets), var_pop(packets), var_samp(bytes) FROM vpc_flow_logs WHERE day = '16'

-- deviation of one row
SELECT stddev(bytes), stddev_pop(bytes), variance(bytes) FROM vpc_flow_logs WHERE interface_id = 'eni-00000000000000abc' AND packets = 3

-- correlations
SELECT corr(bytes, packets), covar_pop(bytes, packets), covar_samp(bytes, packets), regr_slope(bytes, packets), regr_intercept(bytes, packets) FROM vpc_flow_logs WHERE day = '16'

-- skewness and kurtosis
-- differs: rarer functions
SELECT skewness(packets), kurtosis(packets) FROM vpc_flow_logs WHERE day = '16'

-- geometric_mean
SELECT geometric_mean(packets) FROM vpc_flow_logs WHERE day = '16' AND packets > 0

-- checksum
-- differs: rarer functions
SELECT count(*), checksum(srcaddr) IS NOT NULL FROM vpc_flow_logs WHERE day = '16'

-- histogram
SELECT histogram(protocol) FROM vpc_flow_logs WHERE day = '15'

-- a value of a histogram
SELECT histogram(action)['ACCEPT'] AS accepted, element_at(histogram(action), 'none') AS none FROM vpc_flow_logs WHERE day = '15'

-- map_agg
SELECT map_agg(instance_tag, bytes) FROM vpc_flow_logs WHERE interface_id = 'eni-00000000000000abc' AND packets < 4

-- multimap_agg
-- differs: rarer functions of maps, rows and JSON
SELECT multimap_agg(action, protocol) FROM (SELECT DISTINCT action, protocol FROM vpc_flow_logs WHERE day = '16' AND action = 'REJECT' AND protocol = 6)

-- numeric histogram
-- differs: rarer functions
SELECT cardinality(numeric_histogram(2, packets)) FROM vpc_flow_logs WHERE day = '16'

-- aggregate of an aggregate
-- refused
SELECT sum(count(*)) FROM vpc_flow_logs WHERE day = '15'

-- mean of a whole day
SELECT sum(bytes) / 24 / 3600 AS per_second, sum(bytes) * 8 / 86400 AS bits FROM vpc_flow_logs WHERE day = '15'

-- ratio as a double
SELECT CAST(count_if(action = 'REJECT') AS double) / count(*) AS ratio FROM vpc_flow_logs WHERE day = '15'

-- aggregate in an expression
SELECT srcaddr, max("end") - min(start) AS seconds, sum(bytes) / nullif(max("end") - min(start), 0) AS rate FROM vpc_flow_logs WHERE day = '16' GROUP BY srcaddr ORDER BY srcaddr

-- reduce_agg
-- differs: lambdas of two or more arguments, but those of `reduce`
SELECT reduce_agg(packets, 0, (a, b) -> a + b, (a, b) -> a + b) FROM vpc_flow_logs WHERE day = '16' AND packets IS NOT NULL

-- group by all columns of a table alias
SELECT t.action, t.protocol, count(*) AS c FROM vpc_flow_logs AS t WHERE t.day = '16' GROUP BY t.action, t.protocol ORDER BY c DESC, 1, 2

-- order by an aggregate that is not shown
SELECT srcaddr FROM vpc_flow_logs WHERE day = '15' GROUP BY srcaddr ORDER BY sum(bytes) DESC, srcaddr LIMIT 4

-- count of a literal
SELECT count(1), count('x'), count(NULL), sum(1) FROM vpc_flow_logs WHERE day = '16'

-- sum of NULL itself
-- refused
SELECT sum(NULL) FROM vpc_flow_logs WHERE day = '16'

-- minimum of texts with dashes
SELECT min(srcaddr), max(srcaddr), min(nullif(srcaddr, '-')) FROM vpc_flow_logs WHERE day = '15'

-- two lists in different orders
-- differs: two `listagg` in different orders
SELECT listagg(action, ',') WITHIN GROUP (ORDER BY action) AS a, listagg(day, ',') WITHIN GROUP (ORDER BY day) AS d FROM vpc_flow_logs WHERE day = '16'

-- cube over a literal
SELECT c2, action, grouping(action, c2) AS g FROM (SELECT action, '' AS c2 FROM vpc_flow_logs WHERE day = '16') AS s GROUP BY CUBE (action, c2) ORDER BY 1 DESC, 2, 3

-- histograms of groups
SELECT action, histogram(protocol) AS h, cardinality(histogram(dstport)) AS ports FROM vpc_flow_logs WHERE day = '15' GROUP BY action ORDER BY action

-- histogram of a filter
SELECT histogram(dstport) FILTER (WHERE dstport IN (22, 443)) AS h, histogram(srcport) FILTER (WHERE false) AS none FROM vpc_flow_logs WHERE day = '15'

-- map_agg of groups
SELECT action, map_agg(p, n) AS by_protocol, map_agg(p, n)[6] AS tcp FROM (SELECT action, protocol AS p, count(*) AS n FROM vpc_flow_logs WHERE day = '15' AND protocol = 6 GROUP BY 1, 2) GROUP BY action ORDER BY action

-- map_agg with NULL
SELECT map_agg(k, v) FROM (VALUES ('a', 1), ('b', NULL), (NULL, 3)) AS t(k, v)

-- map_agg of nothing
SELECT map_agg(srcaddr, bytes) FROM vpc_flow_logs WHERE day = '99'

-- average of NULL
-- refused
SELECT avg(NULL)

-- sum of a NULL with a type
SELECT sum(CAST(NULL AS bigint)), max(NULL), count(NULL), sum(if(action = 'none', 1)) FROM vpc_flow_logs WHERE day = '16'

-- approx_distinct that is too exact
-- refused
SELECT approx_distinct(action, 0.001e0) FROM vpc_flow_logs WHERE day = '15'

-- approx_distinct by a decimal
SELECT approx_distinct(action, 0.26), approx_distinct(protocol, 0.01e0) FROM vpc_flow_logs WHERE day = '15'

-- groups in parentheses
SELECT action, protocol, count(*) FROM vpc_flow_logs GROUP BY (action, protocol) ORDER BY 1, 2

-- value with the largest of one number
SELECT max_by(action, 10.25) IS NULL FROM vpc_flow_logs WHERE day = '16' AND action = 'ACCEPT'

-- cube over what WHERE fixes
SELECT action, dstport, count(*) FROM vpc_flow_logs WHERE action = 'REJECT' AND day = '15' GROUP BY CUBE (action, dstport) ORDER BY action DESC, dstport

-- sets over what WHERE fixes
SELECT action, srcaddr, count(*) c, grouping(action, srcaddr) g FROM vpc_flow_logs WHERE action = 'REJECT' GROUP BY GROUPING SETS ((action), (srcaddr), ()) ORDER BY action NULLS FIRST, c DESC, srcaddr

-- a window over a rollup of what WHERE fixes
SELECT action, row_number() OVER (ORDER BY action NULLS FIRST, c) r, c FROM (SELECT action, dstport, count(*) c FROM vpc_flow_logs WHERE action = 'REJECT' AND day = '15' GROUP BY ROLLUP (action, dstport)) ORDER BY r

-- groups of a rollup of what WHERE fixes
SELECT x, count(*) FROM (SELECT action x, dstport, count(*) c FROM vpc_flow_logs WHERE action = 'REJECT' AND day = '15' GROUP BY ROLLUP (action, dstport)) GROUP BY x ORDER BY x

-- rollup over a literal, descending
SELECT c1 FROM (SELECT 6 AS c1, action AS c2, count(*) FROM vpc_flow_logs GROUP BY 1, 2) GROUP BY ROLLUP (c2, c1) ORDER BY 1 DESC NULLS FIRST

-- approx_percentile of four numbers
SELECT approx_percentile(x, 0.0), approx_percentile(x, 0.1), approx_percentile(x, 0.25), approx_percentile(x, 0.5), approx_percentile(x, 0.75), approx_percentile(x, 0.9), approx_percentile(x, 1.0) FROM (VALUES 1, 2, 3, 100) AS t(x)

-- approx_percentile of four doubles
SELECT approx_percentile(x, 0.0), approx_percentile(x, 0.1), approx_percentile(x, 0.25), approx_percentile(x, 0.5), approx_percentile(x, 0.75), approx_percentile(x, 0.9), approx_percentile(x, 1.0) FROM (VALUES 1e0, 2e0, 3e0, 100e0) AS t(x)

-- approx_percentile with NULL
SELECT approx_percentile(x, 0.5), approx_percentile(x, 0.99) FROM (VALUES 1, 2, 3, NULL) AS t(x)

-- approx_percentile with an array of shares
SELECT approx_percentile(CAST(x AS double), ARRAY[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99]) FROM UNNEST(sequence(1, 10)) AS t(x)

-- approx_percentile with weights
SELECT approx_percentile(x, 2, 0.5), approx_percentile(x, 2, 0.9) FROM UNNEST(sequence(1, 10)) AS t(x)

-- approx_percentile of real, decimal and integer
SELECT approx_percentile(CAST(x AS real), 0.5), approx_percentile(CAST(x AS decimal(10,2)), 0.5), approx_percentile(CAST(x AS integer), 0.5) FROM UNNEST(sequence(1, 10)) AS t(x)

-- approx_percentile of groups
SELECT srcaddr, approx_percentile(bytes, 0.5) m, approx_percentile(bytes, 0.95) p, approx_percentile(bytes / packets, 0.9) q FROM vpc_flow_logs WHERE day = '15' AND packets > 0 GROUP BY srcaddr ORDER BY 1

-- approx_percentile of durations and rates
SELECT srcaddr, approx_percentile("end" - start, 0.5) m, approx_percentile(bytes * 8.0 / 60, 0.95) p FROM vpc_flow_logs WHERE day = '15' AND packets > 0 GROUP BY srcaddr ORDER BY 1

-- approx_percentile above 1
-- refused
SELECT approx_percentile(bytes, 1.5) FROM vpc_flow_logs WHERE day = '15'

-- approx_percentile of texts
-- refused
SELECT approx_percentile(srcaddr, 0.5) FROM vpc_flow_logs

-- approx_percentile of no rows
SELECT approx_percentile(bytes, 0.5) FROM vpc_flow_logs WHERE day = '77'

-- approx_percentile in a window
SELECT action, approx_percentile(bytes, 0.5) OVER (PARTITION BY action) p FROM vpc_flow_logs WHERE day = '16' ORDER BY 1, 2

-- approx_percentile with FILTER
SELECT approx_percentile(bytes, packets, 0.9), approx_percentile(bytes, 0.5) FILTER (WHERE action = 'ACCEPT') FROM vpc_flow_logs WHERE day = '16' AND packets > 0

-- approx_percentile of negative numbers
SELECT approx_percentile(x, ARRAY[0.5, 0.9]) FROM (VALUES -1.5e0, -0.5e0, 2e0, 1e300) AS t(x)
