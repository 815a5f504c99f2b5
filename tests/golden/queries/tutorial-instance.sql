-- title: tutorial-instance
SELECT dstaddr, count(*) AS flows, sum(packets) AS packets, sum(bytes) AS bytes
FROM "vpc_flow_logs"
WHERE year = '2026' AND month = '01' AND day = '15'
  AND srcaddr IN ('172.32.21.19') AND dstport = 443 AND protocol = 6
  AND dstaddr IN ('34.160.111.145', '104.18.26.120')
GROUP BY dstaddr
ORDER BY dstaddr;
