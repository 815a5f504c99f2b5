-- title: top-subnets
SELECT subnet_id, count(*) AS flows, sum(packets) AS packets, sum(bytes) AS bytes
FROM "vpc_flow_logs"
WHERE year = '2026' AND month = '01' AND day = '15'
  AND subnet_id <> '-' AND bytes IS NOT NULL
GROUP BY subnet_id
ORDER BY bytes DESC, subnet_id
LIMIT 50;
