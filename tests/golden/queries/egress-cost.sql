-- title: egress-cost
SELECT traffic_path,
       CASE traffic_path
         WHEN 1 THEN 'resource in the same VPC'
         WHEN 2 THEN 'internet gateway or gateway endpoint'
         WHEN 3 THEN 'virtual private gateway'
         WHEN 4 THEN 'VPC peering in the Region'
         WHEN 5 THEN 'VPC peering to another Region'
         WHEN 6 THEN 'Local Zone or Wavelength Zone'
         WHEN 7 THEN 'gateway endpoint'
         WHEN 8 THEN 'internet gateway'
         ELSE 'not said'
       END AS path,
       sum(bytes) / 1e9 AS gb,
       sum(bytes) / 1e9 * CASE traffic_path WHEN 2 THEN 0.09 WHEN 8 THEN 0.09 WHEN 4 THEN 0.01 WHEN 5 THEN 0.02 END AS usd
FROM "vpc_flow_logs"
WHERE year = '2026' AND month = '01' AND day = '15'
  AND flow_direction = 'egress' AND traffic_path IS NOT NULL
GROUP BY traffic_path
ORDER BY usd DESC, traffic_path;
