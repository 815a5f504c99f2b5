-- title: rejected-tcp
SELECT srcaddr, dstaddr, dstport, count(*) AS flows, sum(packets) AS packets, sum(bytes) AS bytes,
       from_unixtime(min(start)) AS first_seen, from_unixtime(max("end")) AS last_seen
FROM "vpc_flow_logs"
WHERE year = '2026' AND month = '01' AND day = '15'
  AND action = 'REJECT' AND protocol = 6
GROUP BY srcaddr, dstaddr, dstport
ORDER BY flows DESC, srcaddr, dstaddr, dstport
LIMIT 100;
