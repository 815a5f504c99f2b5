-- title: SSH and RDP traffic
-- answers: Who talked SSH or RDP to whom, and was it allowed?
-- aws: VpcFlowLogsSshRdpTraffic
-- columns: srcaddr dstaddr srcport dstport packets bytes start end action
-- parameter: limit count, default 100: rows of the answer
-- note: The same bytes are logged at every interface they pass, so sums over several interfaces count them again.
SELECT CASE WHEN dstport IN (22, 3389) THEN srcaddr ELSE dstaddr END AS client,
       CASE WHEN dstport IN (22, 3389) THEN dstaddr ELSE srcaddr END AS server,
       CASE WHEN dstport IN (22, 3389) THEN dstport ELSE srcport END AS port,
       action, count(*) AS flows, sum(packets) AS packets, sum(bytes) AS bytes,
       from_unixtime(min(start)) AS first_seen, from_unixtime(max("end")) AS last_seen
FROM {{table}}
WHERE {{days}}
  AND (dstport IN (22, 3389) OR srcport IN (22, 3389))
GROUP BY 1, 2, 3, 4
ORDER BY flows DESC, client, server, port, action
LIMIT {{limit}};
