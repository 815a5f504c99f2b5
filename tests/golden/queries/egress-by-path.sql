-- title: egress-by-path
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
       count(*) AS flows, sum(packets) AS packets, sum(bytes) AS bytes, sum(bytes) / 1e9 AS gb
FROM "vpc_flow_logs"
WHERE year = '2026' AND month = '01' AND day = '15'
  AND flow_direction = 'egress'
GROUP BY traffic_path
ORDER BY bytes DESC, traffic_path;
