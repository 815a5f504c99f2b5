-- title: ipv6-bytes
SELECT year, month, day, count(*) AS flows, sum(packets) AS packets, sum(bytes) AS bytes
FROM "vpc_flow_logs"
WHERE year = '2026' AND month = '01' AND day = '15'
  AND srcaddr LIKE '%:%'
GROUP BY year, month, day
ORDER BY year, month, day;
