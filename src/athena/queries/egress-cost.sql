-- title: Cost of outgoing traffic by path
-- answers: What does outgoing traffic cost, by the path it takes?
-- columns: bytes flow_direction traffic_path
-- parameter: usd-per-gb prices, such as 2:0.09,8:0.09,4:0.01,5:0.02: dollars per gigabyte by traffic_path, from your price list
-- note: gb are 10^9 bytes. usd is empty for paths without a price; free tiers, volume discounts and NAT gateways' own
-- note: price for a gigabyte are not in it.
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
       sum(bytes) / 1e9 * CASE traffic_path {{usd-per-gb}} END AS usd
FROM {{table}}
WHERE {{days}}
  AND flow_direction = 'egress' AND traffic_path IS NOT NULL
GROUP BY traffic_path
ORDER BY usd DESC, traffic_path;
