-- cast to an address
SELECT CAST('10.0.0.1' AS ipaddress), IPADDRESS '2001:db8::1', CAST('2001:0DB8:0::1' AS ipaddress), CAST('::ffff:10.0.0.1' AS ipaddress)

-- cast of what is none
-- refused
SELECT CAST('10.0.0' AS ipaddress)

-- cast of a dash
-- refused
SELECT CAST(srcaddr AS ipaddress) FROM vpc_flow_logs WHERE day = '28'

-- try_cast of a dash
SELECT DISTINCT srcaddr, TRY_CAST(srcaddr AS ipaddress) AS ip FROM vpc_flow_logs WHERE day IN ('15', '28') ORDER BY srcaddr

-- dashes that another condition excludes
SELECT count(*) FROM vpc_flow_logs WHERE day = '15' AND srcaddr <> '-' AND contains('10.0.0.0/8', CAST(srcaddr AS ipaddress))

-- dashes that a condition after the cast excludes
SELECT count(*) FROM vpc_flow_logs WHERE day = '15' AND log_status = 'OK' AND srcaddr <> '-' AND CAST(srcaddr AS ipaddress) BETWEEN IPADDRESS '10.0.0.0' AND IPADDRESS '10.255.255.255'

-- dashes that CASE excludes
SELECT CASE WHEN srcaddr = '-' THEN 'none' WHEN contains('10.0.0.0/8', CAST(srcaddr AS ipaddress)) THEN 'ten' ELSE 'other' END AS net, count(*) FROM vpc_flow_logs WHERE day = '15' GROUP BY 1 ORDER BY 1

-- dashes that a subquery excludes
SELECT count(*) FROM (SELECT srcaddr FROM vpc_flow_logs WHERE day = '15' AND srcaddr <> '-') WHERE contains('10.0.0.0/8', CAST(srcaddr AS ipaddress))

-- dashes that WITH excludes
WITH addressed AS (SELECT srcaddr, bytes FROM vpc_flow_logs WHERE year = '2026' AND day = '15' AND srcaddr <> '-') SELECT CAST(srcaddr AS ipaddress) AS ip, sum(bytes) AS total FROM addressed GROUP BY CAST(srcaddr AS ipaddress) ORDER BY ip

-- dashes that if excludes
SELECT if(srcaddr <> '-', CAST(srcaddr AS ipaddress)) AS ip, count(*) FROM vpc_flow_logs WHERE day = '15' GROUP BY 1 ORDER BY 1

-- an address as text
SELECT CAST(CAST('10.0.0.1' AS ipaddress) AS varchar), CAST(IPADDRESS '2001:db8:0:0:1:0:0:1' AS varchar)

-- comparing addresses
SELECT IPADDRESS '9.9.9.9' < IPADDRESS '10.0.0.1', '9.9.9.9' < '10.0.0.1', IPADDRESS '10.0.0.1' = IPADDRESS '::ffff:10.0.0.1', IPADDRESS '255.255.255.255' < IPADDRESS '2001:db8::1'

-- an address and a text are not compared
-- refused
SELECT IPADDRESS '10.0.0.1' = '10.0.0.1'

-- contains
SELECT contains('10.0.0.0/8', IPADDRESS '10.255.255.255'), contains('10.0.0.0/8', IPADDRESS '11.0.0.0'), contains('2001:db8::/32', IPADDRESS '2001:db8:ffff::'), contains('0.0.0.0/0', IPADDRESS '1.1.1.1'), contains('10.0.0.0/8', IPADDRESS '2001:db8::1'), contains('10.0.0.5/32', IPADDRESS '10.0.0.5')

-- contains with an ipprefix
-- differs: `IPPREFIX`, `CREATE VIEW name (column)`
-- refused
SELECT contains(IPPREFIX '10.0.0.0/8', IPADDRESS '10.1.2.3'), contains(CAST('192.168.0.0/16' AS ipprefix), IPADDRESS '192.168.4.4')

-- contains of NULL
SELECT contains('10.0.0.0/8', CAST(NULL AS ipaddress)), contains('10.0.0.0/8', TRY_CAST('-' AS ipaddress))

-- contains of a network that is none
-- refused
SELECT contains('10.0.0.0', IPADDRESS '10.0.0.1')

-- contains of a text
-- refused
SELECT contains('10.0.0.0/8', srcaddr) FROM vpc_flow_logs WHERE day = '15'

-- not in any private network
SELECT srcaddr, sum(bytes) AS total FROM vpc_flow_logs WHERE day = '15' AND srcaddr <> '-' AND NOT (contains('10.0.0.0/8', CAST(srcaddr AS ipaddress)) OR contains('172.16.0.0/12', CAST(srcaddr AS ipaddress)) OR contains('192.168.0.0/16', CAST(srcaddr AS ipaddress))) GROUP BY srcaddr ORDER BY total DESC, srcaddr

-- networks in a list
SELECT n, count(*) AS flows FROM (VALUES '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7') AS nets(n) JOIN vpc_flow_logs ON contains(n, TRY_CAST(srcaddr AS ipaddress)) WHERE day = '15' GROUP BY n ORDER BY flows DESC, n

-- any_match over networks
SELECT any_match(ARRAY['10.0.0.0/8', 'fc00::/7'], n -> contains(n, TRY_CAST(srcaddr AS ipaddress))) AS own, count(*) FROM vpc_flow_logs WHERE day = '15' GROUP BY 1 ORDER BY 1

-- prefix of an address
-- refused
SELECT ip_prefix(CAST(srcaddr AS ipaddress), 24) AS net, count(*) FROM vpc_flow_logs WHERE day = '15' AND srcaddr LIKE '%.%' GROUP BY 1 ORDER BY 2 DESC, CAST(ip_prefix(CAST(srcaddr AS ipaddress), 24) AS varchar)

-- ends of a network
-- refused
SELECT ip_subnet_min(IPPREFIX '10.0.0.0/8'), ip_subnet_max(IPPREFIX '10.0.0.0/8'), ip_subnet_range(IPPREFIX '10.0.0.0/30'), is_subnet_of(IPPREFIX '10.0.0.0/8', IPADDRESS '10.1.1.1')

-- distinct addresses
SELECT count(DISTINCT TRY_CAST(srcaddr AS ipaddress)) AS n, min(TRY_CAST(srcaddr AS ipaddress)) AS low, max(TRY_CAST(srcaddr AS ipaddress)) AS high FROM vpc_flow_logs WHERE day = '15'

-- IPv6 by a colon
SELECT if(strpos(srcaddr, ':') > 0, 'IPv6', 'IPv4') AS family, count(*) FROM vpc_flow_logs WHERE day = '15' AND srcaddr <> '-' GROUP BY 1 ORDER BY 1

-- mapped addresses
SELECT DISTINCT dstaddr, CAST(dstaddr AS ipaddress) AS ip FROM vpc_flow_logs WHERE year = '2024' ORDER BY dstaddr

-- an address as bytes
SELECT to_hex(CAST(IPADDRESS '10.0.0.1' AS varbinary)), CAST(from_hex('00000000000000000000FFFF0A000001') AS ipaddress)

-- an address as a number
SELECT srcaddr, CAST(split_part(srcaddr, '.', 1) AS bigint) * 16777216 + CAST(split_part(srcaddr, '.', 2) AS bigint) * 65536 + CAST(split_part(srcaddr, '.', 3) AS bigint) * 256 + CAST(split_part(srcaddr, '.', 4) AS bigint) AS n FROM vpc_flow_logs WHERE day = '16' AND srcaddr LIKE '%.%.%.%' ORDER BY n, start

-- join over addresses
SELECT count(*) FROM vpc_flow_logs a JOIN vpc_flow_logs b ON TRY_CAST(a.srcaddr AS ipaddress) = TRY_CAST(b.dstaddr AS ipaddress) WHERE a.day = '16' AND b.day = '16'

-- four bytes of an address
SELECT CAST(from_hex('0A000001') AS ipaddress), to_hex(CAST(CAST('2001:db8::1' AS ipaddress) AS varbinary))

-- bytes that are no address
-- refused
SELECT CAST(from_hex('0A00') AS ipaddress)

-- a network with bits of an address
-- refused
SELECT contains('10.0.0.1/8', CAST(srcaddr AS ipaddress)) FROM vpc_flow_logs WHERE day = '16' AND srcaddr <> '-'

-- all networks have one name
-- refused
SELECT contains('10.0.0.0/0', IPADDRESS '10.1.2.3')

-- the network of all
SELECT contains('0.0.0.0/0', IPADDRESS '10.1.2.3'), contains('10.0.0.1/32', IPADDRESS '10.0.0.1'), TRY(contains('10.0.0.1/8', IPADDRESS '10.1.2.3'))

-- an IPv6 network with bits of an address
SELECT contains('fc00::1/7', IPADDRESS 'fc00::2'), contains('2001:db8::1/32', IPADDRESS '2001:db9::1'), contains('::ffff:10.0.0.0/104', IPADDRESS '10.0.0.1')

-- a network of too many bits
-- refused
SELECT contains('10.0.0.0/33', IPADDRESS '10.0.0.1')

-- addresses of rows that a join leaves
SELECT count(*) FROM vpc_flow_logs AS a JOIN (SELECT DISTINCT srcaddr FROM vpc_flow_logs WHERE srcaddr <> '-') AS b ON a.srcaddr = b.srcaddr WHERE contains('10.0.0.0/8', CAST(a.srcaddr AS ipaddress)) AND a.day = '15'

-- addresses of rows that a list leaves
SELECT count(*) FROM vpc_flow_logs AS a JOIN (VALUES '10.0.0.5', '10.0.1.7') AS v(ip) ON a.srcaddr = v.ip WHERE contains('10.0.0.0/8', CAST(a.srcaddr AS ipaddress)) AND a.day = '15'

-- addresses of rows that a subquery names
SELECT count(*) FROM vpc_flow_logs AS a WHERE srcaddr IN (SELECT srcaddr FROM vpc_flow_logs WHERE srcaddr LIKE '10.%') AND contains('10.0.0.0/8', CAST(a.srcaddr AS ipaddress)) AND a.day = '15'

-- rows that IN leaves within a subquery
SELECT count(*) FROM (SELECT * FROM vpc_flow_logs WHERE srcaddr IN (SELECT dstaddr FROM vpc_flow_logs WHERE dstaddr <> '-')) x WHERE contains('10.0.0.0/8', CAST(srcaddr AS ipaddress))

-- rows that a JOIN leaves within a subquery, under another name
SELECT count(*) FROM (SELECT a.srcaddr AS s, a.bytes FROM vpc_flow_logs a JOIN (SELECT DISTINCT dstaddr FROM vpc_flow_logs WHERE dstaddr <> '-') b ON a.srcaddr = b.dstaddr) x WHERE contains('10.0.0.0/8', CAST(s AS ipaddress))

-- rows that EXISTS leaves
SELECT count(*) FROM vpc_flow_logs a WHERE EXISTS (SELECT 1 FROM vpc_flow_logs b WHERE b.dstaddr = a.srcaddr AND b.dstaddr <> '-') AND contains('10.0.0.0/8', CAST(a.srcaddr AS ipaddress))

-- rows that NOT IN leaves
-- refused
SELECT count(*) FROM vpc_flow_logs a WHERE a.srcaddr NOT IN (SELECT dstaddr FROM vpc_flow_logs WHERE dstaddr = '-') AND contains('10.0.0.0/8', CAST(a.srcaddr AS ipaddress))

-- rows that two subqueries leave
SELECT count(*) FROM vpc_flow_logs WHERE srcaddr IN (SELECT dstaddr FROM vpc_flow_logs WHERE dstaddr <> '-') AND dstaddr IN (SELECT srcaddr FROM vpc_flow_logs WHERE srcaddr <> '-') AND (contains('10.0.0.0/8', CAST(srcaddr AS ipaddress)) OR contains('10.0.0.0/8', CAST(dstaddr AS ipaddress)))

-- a cast in the list beside IN
SELECT CAST(srcaddr AS ipaddress) AS ip, count(*) FROM vpc_flow_logs WHERE srcaddr IN (SELECT dstaddr FROM vpc_flow_logs WHERE dstaddr <> '-') GROUP BY 1 ORDER BY 1
