-- title: cross-az
SELECT az_id, next_hop_az_id, count(*) AS flows, sum(packets) AS packets, sum(bytes) AS bytes, sum(bytes) / 1e9 AS gb
FROM "vpc_flow_logs"
WHERE year = '2026' AND month = '01' AND day = '15'
  AND flow_direction = 'egress' AND az_id <> '-' AND next_hop_az_id <> '-' AND az_id <> next_hop_az_id
GROUP BY az_id, next_hop_az_id
ORDER BY bytes DESC, az_id, next_hop_az_id;
