-- top talkers by bytes
SELECT srcaddr, dstaddr, SUM(bytes) AS total_bytes, SUM(packets) AS total_packets, COUNT(*) AS flows FROM vpc_flow_logs WHERE year = '2026' AND month = '01' AND day = '15' GROUP BY srcaddr, dstaddr ORDER BY total_bytes DESC, srcaddr, dstaddr LIMIT 10

-- top talkers in megabytes
SELECT srcaddr, ROUND(SUM(bytes) / 1024.0 / 1024.0, 2) AS mb FROM vpc_flow_logs WHERE year = '2026' AND month = '01' AND day = '15' GROUP BY srcaddr ORDER BY mb DESC, srcaddr LIMIT 10

-- top talkers in gigabytes by power
SELECT srcaddr, SUM(bytes) / POWER(1024, 3) AS gb FROM vpc_flow_logs WHERE year = '2026' AND month = '01' AND day = '15' AND bytes IS NOT NULL GROUP BY srcaddr ORDER BY gb DESC, srcaddr LIMIT 10

-- rejected connections
SELECT day_of_week(from_unixtime(start)) AS weekday, date_format(from_unixtime(start), '%H') AS hour, srcaddr, dstaddr, dstport, count(*) AS tries FROM vpc_flow_logs WHERE action = 'REJECT' AND protocol = 6 AND year = '2026' GROUP BY 1, 2, 3, 4, 5 ORDER BY tries DESC, 2, 3, 4, 5 LIMIT 20

-- rejected SSH from outside
SELECT srcaddr, count(*) AS tries, min(from_unixtime(start)) AS first, max(from_unixtime("end")) AS last FROM vpc_flow_logs WHERE action = 'REJECT' AND dstport = 22 AND year = '2026' AND NOT regexp_like(srcaddr, '^(10|192\.168|172\.(1[6-9]|2\d|3[01]))\.') GROUP BY srcaddr ORDER BY tries DESC, srcaddr

-- port scans
SELECT srcaddr, dstaddr, count(DISTINCT dstport) AS ports FROM vpc_flow_logs WHERE year = '2026' AND day = '15' GROUP BY srcaddr, dstaddr HAVING count(DISTINCT dstport) >= 3 ORDER BY ports DESC, srcaddr, dstaddr

-- traffic by hour
SELECT date_format(date_trunc('hour', from_unixtime(start)), '%Y-%m-%dT%H:%i') AS hour, sum(if(flow_direction = 'ingress', bytes)) AS ingress, sum(if(flow_direction = 'egress', bytes)) AS egress FROM vpc_flow_logs WHERE year = '2026' AND month = '01' AND day = '16' GROUP BY 1 ORDER BY 1

-- traffic by service
SELECT pkt_dst_aws_service AS service, traffic_path, sum(bytes) / 1e9 AS gb FROM vpc_flow_logs WHERE flow_direction = 'egress' AND pkt_dst_aws_service <> '-' AND day = '15' GROUP BY 1, 2 ORDER BY gb DESC, 1, 2

-- who uses which port
SELECT CASE dstport WHEN 22 THEN 'SSH' WHEN 80 THEN 'HTTP' WHEN 443 THEN 'HTTPS' WHEN 3389 THEN 'RDP' WHEN 53 THEN 'DNS' ELSE 'other: ' || CAST(dstport AS varchar) END AS service, count(*) AS flows, sum(bytes) AS bytes FROM vpc_flow_logs WHERE day = '15' AND dstport IS NOT NULL GROUP BY 1 ORDER BY flows DESC, 1

-- protocols by name and percent
SELECT protocol, count(*) AS flows, CAST(100.0 * count(*) / (SELECT count(*) FROM vpc_flow_logs WHERE day = '15') AS decimal(5, 2)) AS percent FROM vpc_flow_logs WHERE day = '15' GROUP BY protocol ORDER BY flows DESC, protocol

-- rows without data
SELECT log_status, count(*) AS n, count(srcport) AS with_ports, sum(bytes) AS bytes FROM vpc_flow_logs WHERE year = '2026' GROUP BY log_status ORDER BY log_status

-- interfaces that say nothing
SELECT interface_id, count_if(log_status = 'NODATA') AS silent, count_if(log_status = 'SKIPDATA') AS lost, count(*) AS n FROM vpc_flow_logs WHERE year = '2026' GROUP BY interface_id HAVING count_if(log_status <> 'OK') > 0 ORDER BY silent DESC, interface_id

-- lost records in percent
SELECT 100.0 * sum(CASE WHEN log_status = 'SKIPDATA' THEN 1 ELSE 0 END) / count(*) AS lost FROM vpc_flow_logs WHERE year = '2026'

-- SYN without an answer
SELECT srcaddr, dstaddr, dstport, count(*) AS syns FROM vpc_flow_logs WHERE day = '15' AND protocol = 6 AND tcp_flags = 2 GROUP BY 1, 2, 3 ORDER BY syns DESC, 1, 2, 3

-- flags in words
SELECT tcp_flags, array_join(filter(ARRAY[if(bitwise_and(tcp_flags, 1) > 0, 'FIN'), if(bitwise_and(tcp_flags, 2) > 0, 'SYN'), if(bitwise_and(tcp_flags, 4) > 0, 'RST'), if(bitwise_and(tcp_flags, 16) > 0, 'ACK')], x -> x IS NOT NULL), '+') AS flags, count(*) FROM vpc_flow_logs WHERE day = '15' GROUP BY 1, 2 ORDER BY 1

-- long flows
SELECT interface_id, srcaddr, dstaddr, "end" - start AS seconds, bytes FROM vpc_flow_logs WHERE day = '15' AND "end" - start >= 600 ORDER BY bytes DESC, interface_id, srcaddr, dstaddr

-- bits a second
SELECT interface_id, start, bytes * 8.0 / nullif("end" - start, 0) AS bps FROM vpc_flow_logs WHERE day = '16' ORDER BY bps DESC, start, interface_id, bytes LIMIT 10

-- mean size of packets
SELECT dstport, sum(bytes) / sum(packets) AS mean, round(sum(bytes) * 1.0 / sum(packets), 1) AS exact FROM vpc_flow_logs WHERE day = '15' AND dstport IN (22, 443) GROUP BY dstport ORDER BY dstport

-- traffic with the internet
SELECT CASE WHEN srcaddr LIKE '10.%' OR srcaddr LIKE '192.168.%' OR srcaddr LIKE '172.%' THEN 'inside' ELSE 'outside' END AS source, CASE WHEN dstaddr LIKE '10.%' OR dstaddr LIKE '192.168.%' OR dstaddr LIKE '172.%' THEN 'inside' ELSE 'outside' END AS target, count(*) AS flows, coalesce(sum(bytes), 0) AS bytes FROM vpc_flow_logs WHERE day = '15' AND srcaddr <> '-' AND dstaddr <> '-' GROUP BY 1, 2 ORDER BY 1, 2

-- a NAT gateway by packet addresses
SELECT pkt_srcaddr, dstaddr, sum(bytes) AS bytes FROM vpc_flow_logs WHERE day = '15' AND srcaddr <> pkt_dstaddr AND pkt_dst_aws_service = 'S3' GROUP BY 1, 2 ORDER BY bytes DESC, 1, 2

-- accounts and Regions
SELECT aws_account_id, aws_region, count(*) AS flows, sum(bytes) AS bytes FROM vpc_flow_logs WHERE year = '2026' AND day = '15' GROUP BY aws_account_id, aws_region ORDER BY 1, 2

-- account in the key and in the record
SELECT aws_account_id, account_id, count(*) AS n FROM vpc_flow_logs WHERE day = '15' GROUP BY 1, 2 ORDER BY 1, 2

-- new addresses of a day
SELECT DISTINCT srcaddr FROM vpc_flow_logs WHERE year = '2026' AND month = '01' AND day = '16' AND srcaddr NOT IN (SELECT srcaddr FROM vpc_flow_logs WHERE year = '2026' AND month = '01' AND day = '15' AND aws_region = 'us-east-1') ORDER BY 1

-- percentiles of flows
SELECT approx_percentile(bytes, 0.0) AS least, approx_percentile(bytes, 1.0) AS most FROM vpc_flow_logs WHERE day = '15'

-- bytes by size
SELECT CASE WHEN bytes < 1000 THEN '< 1 kB' WHEN bytes < 1000000 THEN '< 1 MB' WHEN bytes IS NULL THEN 'unknown' ELSE 'more' END AS size, count(*) AS flows FROM vpc_flow_logs WHERE day = '15' GROUP BY 1 ORDER BY flows DESC, size

-- readable rows
SELECT from_unixtime(start) AS "start time", from_unixtime("end") AS "end time", srcaddr || ':' || CAST(srcport AS varchar) AS source, dstaddr || ':' || CAST(dstport AS varchar) AS destination, action FROM vpc_flow_logs WHERE day = '16' AND log_status = 'OK' ORDER BY start, "end", source, destination LIMIT 10

-- days of the table
SELECT year, month, day, count(*) AS flows FROM vpc_flow_logs GROUP BY year, month, day ORDER BY year, month, day

-- newest day
SELECT max(concat(year, '-', month, '-', day)) AS newest FROM vpc_flow_logs

-- cost of a month
SELECT sum(bytes) / 1024.0 / 1024.0 / 1024.0 * 0.05 AS usd, CAST(sum(bytes) / 1024.0 / 1024.0 / 1024.0 * 0.05 AS decimal(10, 2)) AS rounded FROM vpc_flow_logs WHERE day = '15'

-- everything of some rows
SELECT * FROM vpc_flow_logs WHERE year = '2026' AND month = '02' ORDER BY start

-- everything of the oldest day
SELECT * FROM vpc_flow_logs WHERE year = '2025' AND bytes > 1000000

-- everything of the extremes
SELECT * FROM vpc_flow_logs WHERE year = '2024'
