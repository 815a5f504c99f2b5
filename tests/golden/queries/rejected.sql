-- title: rejected
SELECT srcaddr, dstaddr, dstport, protocol, count(*) AS flows, sum(packets) AS packets, sum(bytes) AS bytes,
       from_unixtime(min(start)) AS first_seen, from_unixtime(max("end")) AS last_seen
FROM "vpc_flow_logs"
WHERE year = '2026' AND month = '01' AND day = '15'
  AND action = 'REJECT'
GROUP BY srcaddr, dstaddr, dstport, protocol
ORDER BY flows DESC, srcaddr, dstaddr, dstport, protocol
LIMIT 100;
