-- title: from-address
SELECT dstaddr, dstport, protocol, action, count(*) AS flows, sum(packets) AS packets, sum(bytes) AS bytes,
       from_unixtime(min(start)) AS first_seen, from_unixtime(max("end")) AS last_seen
FROM "vpc_flow_logs"
WHERE year = '2026' AND month = '01' AND day = '15'
  AND srcaddr IN ('172.32.21.19')
GROUP BY dstaddr, dstport, protocol, action
ORDER BY bytes DESC, dstaddr, dstport, protocol, action
LIMIT 100;
