-- literals
SELECT ARRAY[1, 2, 3], ARRAY[], ARRAY['a', NULL], ARRAY[ARRAY[1], ARRAY[2, 3]]

-- elements count from 1
SELECT ARRAY['a', 'b'][1], element_at(ARRAY['a', 'b'], 2), element_at(ARRAY['a', 'b'], 5), element_at(ARRAY['a', 'b'], -1)

-- element 0
-- refused
SELECT ARRAY['a', 'b'][0]

-- contains
SELECT contains(ARRAY[22, 3389], dstport) AS admin, count(*) FROM vpc_flow_logs WHERE day = '15' GROUP BY 1 ORDER BY 1

-- contains with NULL
SELECT contains(ARRAY[1, NULL], 2), contains(ARRAY[1, NULL], 1), contains(ARRAY[1], NULL)

-- cardinality and friends
-- differs: NULL within `array_max`
SELECT cardinality(ARRAY[1, 2]), cardinality(ARRAY[]), array_max(ARRAY[1, 3, 2]), array_min(ARRAY['b', 'a']), array_position(ARRAY['a', 'b'], 'b'), array_position(ARRAY['a'], 'z'), array_max(ARRAY[1, NULL])

-- array_sort
SELECT array_sort(ARRAY[3, NULL, 1, 2]), array_sort(ARRAY['b', 'B', 'a'])

-- array_sort by a lambda
-- differs: lambdas of two or more arguments, but those of `reduce`
SELECT array_sort(ARRAY[3, 1, 2], (a, b) -> if(a < b, 1, if(a = b, 0, -1)))

-- sets of arrays
SELECT array_sort(array_distinct(ARRAY[1, 2, 2, NULL, NULL])), array_sort(array_union(ARRAY[1, 2], ARRAY[2, 3])), array_sort(array_intersect(ARRAY[1, 2], ARRAY[2, 3])), array_sort(array_except(ARRAY[1, 2], ARRAY[2])), arrays_overlap(ARRAY[1, 2], ARRAY[2, 3])

-- slice
SELECT slice(ARRAY[1, 2, 3, 4], 2, 2), slice(ARRAY[1, 2, 3, 4], -2, 2), slice(ARRAY[1, 2], 2, 10)

-- reverse, concat, remove, join
-- differs: rarer functions
SELECT reverse(ARRAY[1, 2, 3]), concat(ARRAY[1], ARRAY[2, 3]), ARRAY[1] || ARRAY[2], ARRAY[1] || 2, array_remove(ARRAY[1, 2, 1], 1), array_join(ARRAY[1, NULL, 3], '-'), array_join(ARRAY[1, NULL, 3], '-', '?')

-- flatten and repeat
SELECT flatten(ARRAY[ARRAY[1, 2], ARRAY[3]]), repeat(7, 3), sequence(1, 5), sequence(10, 1, -3)

-- ngrams, combinations and shuffle
-- differs: lambdas of two or more arguments, but those of `reduce`
SELECT ngrams(ARRAY['a', 'b', 'c'], 2), combinations(ARRAY[1, 2, 3], 2), shuffle(ARRAY[1])

-- sequence of dates
-- differs: `sequence` of dates
SELECT sequence(DATE '2026-01-14', DATE '2026-01-17'), sequence(DATE '2026-01-31', DATE '2026-04-30', INTERVAL '1' MONTH)

-- sequence of hours
SELECT x FROM UNNEST(sequence(TIMESTAMP '2026-01-15 00:00:00', TIMESTAMP '2026-01-15 06:00:00', INTERVAL '2' HOUR)) AS t(x) ORDER BY x

-- lambdas
SELECT transform(ARRAY[1, 2, NULL], x -> x * 2), filter(ARRAY[1, -2, 3], x -> x > 0), any_match(ARRAY[1, 2], x -> x > 1), all_match(ARRAY[1, 2], x -> x > 1), none_match(ARRAY[1, 2], x -> x > 5)

-- lambdas over no elements and NULL
SELECT any_match(ARRAY[], x -> true), all_match(ARRAY[], x -> false), any_match(ARRAY[NULL, 1], x -> x > 5), transform(CAST(NULL AS array(integer)), x -> x + 1)

-- a lambda that takes a column
SELECT filter(ARRAY[22, 443, 3389], p -> p = dstport) AS ports, count(*) FROM vpc_flow_logs WHERE day = '16' GROUP BY 1 ORDER BY 2 DESC, cardinality(filter(ARRAY[22, 443, 3389], p -> p = dstport))

-- reduce
SELECT reduce(ARRAY[5, 20, 50], 0, (s, x) -> s + x, s -> s), reduce(split('10.0.0.5', '.'), BIGINT '0', (s, x) -> s * 256 + CAST(x AS bigint), s -> s)

-- reduce of bits
SELECT reduce(sequence(0, 7), CAST('' AS varchar), (s, i) -> if(bitwise_and(tcp_flags, CAST(pow(2, i) AS bigint)) > 0, s || CAST(i AS varchar), s), s -> s) AS bits, tcp_flags FROM vpc_flow_logs WHERE interface_id = 'eni-00000000000000abc' ORDER BY tcp_flags

-- a shift by a bigint
-- refused
SELECT bitwise_left_shift(1, start) FROM vpc_flow_logs WHERE day = '16'

-- zip
-- differs: lambdas of two or more arguments, but those of `reduce`
SELECT zip(ARRAY[1, 2], ARRAY['a', 'b', 'c']), zip_with(ARRAY[1, 2], ARRAY[10, 20], (a, b) -> a + b)

-- unnest of a list of names
SELECT port, name FROM UNNEST(ARRAY[22, 443], ARRAY['ssh', 'https']) AS t(port, name) ORDER BY port

-- unnest beside a table
SELECT t.port, count(*) FROM vpc_flow_logs CROSS JOIN UNNEST(ARRAY[srcport, dstport]) AS t(port) WHERE day = '16' GROUP BY t.port ORDER BY 2 DESC, 1

-- unnest of constants beside a table
SELECT p, count_if(dstport = p) AS flows FROM vpc_flow_logs CROSS JOIN UNNEST(ARRAY[22, 80, 443]) AS ports(p) WHERE day = '15' GROUP BY p ORDER BY p

-- unnest with ordinality
SELECT x, n FROM UNNEST(ARRAY['a', 'b']) WITH ORDINALITY AS t(x, n) ORDER BY n

-- unnest of a split
SELECT part, count(*) FROM vpc_flow_logs, UNNEST(split(instance_tag, ',')) AS t(part) WHERE interface_id = 'eni-00000000000000abc' GROUP BY part ORDER BY part

-- unnest of nothing
SELECT x FROM UNNEST(CAST(ARRAY[] AS array(integer))) AS t(x)

-- left join of unnest
SELECT a.x, t.y FROM (VALUES (1, ARRAY['p', 'q']), (2, ARRAY[])) AS a(x, ys) LEFT JOIN UNNEST(ys) AS t(y) ON true ORDER BY 1, 2

-- maps
SELECT map(ARRAY['a', 'b'], ARRAY[1, 2]), map(ARRAY['a', 'b'], ARRAY[1, 2])['b'], element_at(map(ARRAY['a'], ARRAY[1]), 'z'), cardinality(map(ARRAY['a'], ARRAY[1]))

-- a map of nothing
SELECT map()

-- a key that is not there
-- refused
SELECT map(ARRAY['a'], ARRAY[1])['z']

-- names of protocols by a map
SELECT coalesce(element_at(map(ARRAY[6, 17, 1], ARRAY['tcp', 'udp', 'icmp']), protocol), 'other') AS name, count(*) FROM vpc_flow_logs WHERE day = '15' GROUP BY 1 ORDER BY 1

-- parts of maps
-- differs: rarer functions of maps, rows and JSON
SELECT array_sort(map_keys(map(ARRAY['a', 'b'], ARRAY[1, 2]))), array_sort(map_values(map(ARRAY['a', 'b'], ARRAY[1, 2]))), map_concat(map(ARRAY['a'], ARRAY[1]), map(ARRAY['b'], ARRAY[2]))

-- lambdas over maps
-- differs: rarer functions of maps, rows and JSON
SELECT map_filter(map(ARRAY['a', 'b'], ARRAY[1, 2]), (k, v) -> v > 1), transform_values(map(ARRAY['a'], ARRAY[1]), (k, v) -> v + 1), transform_keys(map(ARRAY['a'], ARRAY[1]), (k, v) -> upper(k))

-- unnest of a map
-- differs: `UNNEST` of a map
SELECT k, v FROM UNNEST(map(ARRAY['a', 'b'], ARRAY[1, 2])) AS t(k, v) ORDER BY k

-- map_from_entries
-- differs: rarer functions of maps, rows and JSON
SELECT map_from_entries(ARRAY[ROW('a', 1), ROW('b', 2)]), map_entries(map(ARRAY['a'], ARRAY[1]))

-- rows
-- differs: rarer functions of maps, rows and JSON
SELECT ROW(1, 'a'), CAST(ROW(1, 'a') AS ROW(x integer, y varchar)), CAST(ROW(1, 'a') AS ROW(x integer, y varchar)).y

-- rows are compared
SELECT count(*) FROM vpc_flow_logs WHERE (srcaddr, dstport) IN (('10.0.0.5', 443), ('10.0.1.7', 22)) AND day = '15'

-- pairs of keys
SELECT count(*) FROM vpc_flow_logs WHERE (year, month, day) = ('2026', '01', '16')

-- arrays are compared
SELECT ARRAY[1, 2] = ARRAY[1, 2], ARRAY[1, 2] < ARRAY[1, 3], ARRAY[1] <> ARRAY[2], ARRAY[ARRAY[1]] = ARRAY[ARRAY[1]]

-- group by an array
SELECT split(srcaddr, '.') AS parts, count(*) AS n FROM vpc_flow_logs WHERE day = '16' AND srcaddr LIKE '10.%' GROUP BY split(srcaddr, '.') ORDER BY n, parts

-- an array of other types
-- refused
SELECT ARRAY[1, 'a']

-- parts of a map
SELECT array_sort(map_keys(map(ARRAY['a', 'b'], ARRAY[1, 2]))), array_sort(map_values(map(ARRAY['a', 'b'], ARRAY[1, 2]))), cardinality(map()), map(ARRAY[1, 2], ARRAY['x', NULL]), map(ARRAY[1.5e0], ARRAY[ARRAY[1]])

-- maps with a key twice
-- refused
SELECT map(ARRAY['a', 'a'], ARRAY[1, 2])

-- maps with more keys than values
-- refused
SELECT map(ARRAY['a', 'b'], ARRAY[1])

-- maps with a NULL key
-- refused
SELECT map(ARRAY['a', NULL], ARRAY[1, 2])

-- maps of columns
SELECT dstport, map(ARRAY['src', 'dst'], ARRAY[srcport, dstport])['dst'] AS d, element_at(map(ARRAY['src', 'dst'], ARRAY[srcaddr, dstaddr]), if(dstport > 400, 'src', 'none')) AS e FROM vpc_flow_logs WHERE day = '16' ORDER BY 1, 2, 3

-- a key of another type
-- refused
SELECT element_at(map(ARRAY['a'], ARRAY[1]), 1)

-- elements from the end
SELECT element_at(ARRAY['a', 'b'], -2), element_at(ARRAY['a', 'b'], -3), element_at(ARRAY['a'], NULL)

-- an element before the first
-- refused
SELECT ARRAY['a', 'b'][-1]

-- an element behind the last
-- refused
SELECT ARRAY['a', 'b'][3]

-- element_at of 0
-- refused
SELECT element_at(ARRAY['a', 'b'], 0)

-- lambdas over NULL
SELECT all_match(ARRAY[1, NULL], x -> x > 0), all_match(ARRAY[-1, NULL], x -> x > 0), none_match(ARRAY[-1, NULL], x -> x > 0), none_match(ARRAY[1, NULL], x -> x > 0), none_match(ARRAY[], x -> true), all_match(CAST(NULL AS array(integer)), x -> x > 0)

-- all ports are known
SELECT count_if(all_match(ARRAY[srcport, dstport], p -> p < 40000)) AS a, count_if(none_match(ARRAY[srcport, dstport], p -> p = 443)) AS n FROM vpc_flow_logs WHERE day = '15'

-- unnest with ordinality of columns
SELECT t.part, t.n, count(*) AS c FROM vpc_flow_logs f CROSS JOIN UNNEST(split(f.srcaddr, '.')) WITH ORDINALITY AS t(part, n) WHERE day = '16' GROUP BY t.part, t.n ORDER BY 3 DESC, 2, 1

-- unnest of two arrays with ordinality
SELECT x, y, n FROM UNNEST(ARRAY[1, 2, 3], ARRAY['a']) WITH ORDINALITY AS t(x, y, n) ORDER BY n

-- left join of unnest of columns
SELECT f.dstport, t.p FROM vpc_flow_logs f LEFT JOIN UNNEST(filter(ARRAY[22, 443], p -> p = dstport)) AS t(p) ON TRUE WHERE day = '16' ORDER BY 1, 2

-- left join of unnest with ordinality
SELECT a.x, t.y, t.n FROM (VALUES (1, ARRAY['p', 'q']), (2, ARRAY[]), (3, NULL)) AS a(x, ys) LEFT JOIN UNNEST(ys) WITH ORDINALITY AS t(y, n) ON true ORDER BY 1, 3

-- casts of nested arrays
SELECT CAST(ARRAY[ARRAY['1'], ARRAY['2', NULL]] AS array(array(bigint))), CAST(ARRAY[1.5, 2.5] AS array(integer)), CAST(split('22,443', ',') AS array(integer)), cardinality(CAST(ARRAY[] AS array(varchar))), TRY_CAST(ARRAY['1', 'x'] AS array(integer))

-- a cast of an array that fails
-- refused
SELECT CAST(ARRAY['1', 'x'] AS array(integer))

-- reduce of columns
SELECT dstport, reduce(ARRAY[srcport, dstport, 1], BIGINT '0', (s, x) -> s + x, s -> s * 2) AS total FROM vpc_flow_logs WHERE day = '16' ORDER BY 1, 2

-- reduce with columns within
SELECT reduce(sequence(1, 3), 0, (s, x) -> s + x + dstport, s -> s - dstport) AS n, dstport FROM vpc_flow_logs WHERE day = '16' ORDER BY 1, 2

-- reduce of arrays of several lengths
SELECT n, reduce(xs, CAST('start' AS varchar), (s, x) -> s || ',' || x, s -> upper(s)) AS r FROM (VALUES (1, ARRAY['a', 'b', 'c']), (2, ARRAY[]), (3, NULL), (4, ARRAY['z'])) AS t(n, xs) ORDER BY n

-- reduce to an address
SELECT srcaddr, reduce(CAST(split(srcaddr, '.') AS array(bigint)), BIGINT '0', (s, x) -> s * 256 + x, s -> s) AS n, count(*) FROM vpc_flow_logs WHERE day = '16' AND srcaddr LIKE '10.%' GROUP BY 1, 2 ORDER BY 1

-- reduce of NULL elements
SELECT reduce(ARRAY[5, NULL, 50], 0, (s, x) -> s + coalesce(x, 0), s -> s), reduce(ARRAY[5, NULL], 0, (s, x) -> s + x, s -> s)

-- maps of NULL
SELECT map(ARRAY[1], NULL), element_at(map(ARRAY[1], ARRAY[2]), NULL), cardinality(CAST(NULL AS array(integer)))

-- array_join writes elements as casts do
SELECT array_join(ARRAY[1.5e0, 2e0, 1e7], ','), array_join(ARRAY[1, NULL, 3], '-'), array_join(ARRAY[1, NULL, 3], '-', 'x'), array_join(ARRAY[1.50, 2.25], ';'), array_join(ARRAY[true, false], ' '), array_join(ARRAY['a', NULL], ','), array_join(ARRAY[from_unixtime(0)], ',')

-- array_join of an aggregate
SELECT action, array_join(array_sort(array_agg(DISTINCT dstport)), ', ') AS ports FROM vpc_flow_logs WHERE day = '16' GROUP BY action ORDER BY 1

-- arrays of JSON
SELECT CAST(JSON '[1,2]' AS array(integer)), CAST(json_extract('{"a":[1,"2",null,true]}', '$.a') AS array(varchar)), CAST(JSON 'null' AS array(integer)), CAST(JSON '[[1],[2,3]]' AS array(array(bigint))), CAST(JSON '[1.5, 2]' AS array(double)), CAST(JSON '[]' AS array(varchar))

-- arrays of JSON that are none
-- refused
SELECT CAST(JSON '{"a":1}' AS array(integer))

-- arrays of JSON of other elements
-- refused
SELECT CAST(JSON '["x"]' AS array(integer))

-- arrays of JSON in try
SELECT TRY(CAST(JSON '["x"]' AS array(integer))), TRY_CAST(JSON '5' AS array(integer)), cardinality(CAST(json_parse('[1,2,3]') AS array(integer)))

-- rows of an array of JSON
SELECT x FROM UNNEST(CAST(json_parse('[3,1]') AS array(integer))) AS t(x) ORDER BY x

-- keys and values of a map beside each other
SELECT k, v FROM UNNEST(map_keys(map(ARRAY['a', 'b'], ARRAY[1, 2])), map_values(map(ARRAY['a', 'b'], ARRAY[1, 2]))) AS t(k, v) ORDER BY k

-- transform of a number
-- refused
SELECT transform(5, x -> x)

-- elements of a group's array are rows of their own
SELECT srcaddr, count(*) AS n FROM (SELECT srcaddr, array_agg(dstport) AS ports FROM vpc_flow_logs WHERE day = '16' GROUP BY 1) AS f CROSS JOIN UNNEST(f.ports) AS t(x) GROUP BY srcaddr, x ORDER BY 1, 2

-- elements of a group's array by the group
SELECT srcaddr, count(*) AS n FROM (SELECT srcaddr, array_agg(dstport) AS ports FROM vpc_flow_logs WHERE day = '16' GROUP BY 1) AS f CROSS JOIN UNNEST(f.ports) AS t(x) GROUP BY srcaddr ORDER BY 1

-- distinct elements of a group's array
SELECT DISTINCT srcaddr, x FROM (SELECT srcaddr, array_agg(dstport) AS ports FROM vpc_flow_logs WHERE day = '16' GROUP BY 1) AS f CROSS JOIN UNNEST(f.ports) AS t(x) ORDER BY 1, 2

-- order by an element by its alias
SELECT f.srcaddr, t.x FROM (SELECT srcaddr, array_agg(DISTINCT dstport) AS ports FROM vpc_flow_logs WHERE day = '16' GROUP BY 1) AS f CROSS JOIN UNNEST(f.ports) AS t(x) ORDER BY t.x, f.srcaddr

-- elements beside a subquery without a name
SELECT action, port FROM (SELECT action, array_agg(DISTINCT dstport) AS p FROM vpc_flow_logs WHERE day = '15' GROUP BY action) CROSS JOIN UNNEST(p) AS u(port) ORDER BY action, port LIMIT 6

-- parts of addresses beside a subquery without a name
SELECT x, max(y) FROM (SELECT DISTINCT srcaddr AS x FROM vpc_flow_logs WHERE day = '16') LEFT JOIN UNNEST(split(x, '.')) AS t(y) ON TRUE GROUP BY x ORDER BY x

-- elements joined to a table
SELECT a.action, u.port, b.n FROM (SELECT action, array_agg(DISTINCT dstport) AS p FROM vpc_flow_logs WHERE day = '15' GROUP BY action) AS a CROSS JOIN UNNEST(p) AS u(port) JOIN (SELECT dstport, count(*) AS n FROM vpc_flow_logs GROUP BY 1) AS b ON b.dstport = u.port ORDER BY 1, 2, 3
