-- title: port-scans
SELECT srcaddr, count(DISTINCT dstaddr) AS addresses, count(DISTINCT dstport) AS ports, count(*) AS flows,
       sum(packets) AS packets, from_unixtime(min(start)) AS first_seen, from_unixtime(max("end")) AS last_seen
FROM "vpc_flow_logs"
WHERE year = '2026' AND month = '01' AND day = '15'
  AND action = 'REJECT'
GROUP BY srcaddr
HAVING count(DISTINCT dstport) >= 10 OR count(DISTINCT dstaddr) >= 10
ORDER BY flows DESC, srcaddr
LIMIT 100;
