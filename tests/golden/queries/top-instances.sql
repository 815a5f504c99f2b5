-- title: top-instances
SELECT instance_id, count(*) AS flows, sum(packets) AS packets, sum(bytes) AS bytes
FROM "vpc_flow_logs"
WHERE year = '2026' AND month = '01' AND day = '15'
  AND instance_id <> '-' AND bytes IS NOT NULL
GROUP BY instance_id
ORDER BY bytes DESC, instance_id
LIMIT 50;
