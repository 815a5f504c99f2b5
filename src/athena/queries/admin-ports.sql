-- title: Servers with the most traffic on administrative ports
-- answers: Which addresses that serve requests on administrative ports had the most traffic?
-- aws: VpcFlowLogsAdminPortTraffic
-- columns: srcaddr dstaddr srcport dstport bytes
-- parameter: ports ports, default 22,23,3389,5900,5985,5986,8080,8443,9090,10000: ports that count as administrative
-- parameter: limit count, default 10: rows of the answer
-- note: The same bytes are logged at every interface they pass, so sums over several interfaces count them again.
SELECT CASE WHEN dstport IN ({{ports}}) THEN dstaddr ELSE srcaddr END AS server,
       array_sort(array_agg(DISTINCT CASE WHEN dstport IN ({{ports}}) THEN dstport ELSE srcport END)) AS ports,
       count(*) AS flows, sum(bytes) AS bytes
FROM {{table}}
WHERE {{days}}
  AND (dstport IN ({{ports}}) OR srcport IN ({{ports}}))
GROUP BY 1
ORDER BY bytes DESC, server
LIMIT {{limit}};
