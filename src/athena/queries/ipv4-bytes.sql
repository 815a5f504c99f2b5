-- title: IPv4 traffic
-- answers: How many bytes of IPv4 traffic were there on each UTC day?
-- aws: VpcFlowLogsIPv4Traffic
-- columns: srcaddr packets bytes
-- note: The same bytes are logged at every interface they pass, so sums over several interfaces count them again.
SELECT year, month, day, count(*) AS flows, sum(packets) AS packets, sum(bytes) AS bytes
FROM {{table}}
WHERE {{days}}
  AND srcaddr LIKE '%.%'
GROUP BY year, month, day
ORDER BY year, month, day;
