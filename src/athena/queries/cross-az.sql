-- title: Traffic between Availability Zones
-- answers: How much traffic went from one Availability Zone to another?
-- columns: packets bytes az_id flow_direction next_hop_az_id
SELECT az_id, next_hop_az_id, count(*) AS flows, sum(packets) AS packets, sum(bytes) AS bytes, sum(bytes) / 1e9 AS gb
FROM {{table}}
WHERE {{days}}
  AND flow_direction = 'egress' AND az_id <> '-' AND next_hop_az_id <> '-' AND az_id <> next_hop_az_id
GROUP BY az_id, next_hop_az_id
ORDER BY bytes DESC, az_id, next_hop_az_id;
