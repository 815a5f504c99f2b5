-- title: Accepted TCP traffic
-- answers: Which TCP traffic did security groups and network ACLs allow?
-- aws: VpcFlowLogsAcceptedTraffic
-- columns: srcaddr dstaddr dstport protocol packets bytes start end action
-- parameter: limit count, default 100: rows of the answer
SELECT srcaddr, dstaddr, dstport, count(*) AS flows, sum(packets) AS packets, sum(bytes) AS bytes,
       from_unixtime(min(start)) AS first_seen, from_unixtime(max("end")) AS last_seen
FROM {{table}}
WHERE {{days}}
  AND action = 'ACCEPT' AND protocol = 6
GROUP BY srcaddr, dstaddr, dstport
ORDER BY bytes DESC, srcaddr, dstaddr, dstport
LIMIT {{limit}};
