-- title: Rejected traffic
-- answers: Which traffic of any protocol did security groups and network ACLs reject?
-- aws: VpcFlowLogsRejectedTraffic
-- columns: srcaddr dstaddr dstport protocol packets bytes start end action
-- parameter: limit count, default 100: rows of the answer
SELECT srcaddr, dstaddr, dstport, protocol, count(*) AS flows, sum(packets) AS packets, sum(bytes) AS bytes,
       from_unixtime(min(start)) AS first_seen, from_unixtime(max("end")) AS last_seen
FROM {{table}}
WHERE {{days}}
  AND action = 'REJECT'
GROUP BY srcaddr, dstaddr, dstport, protocol
ORDER BY flows DESC, srcaddr, dstaddr, dstport, protocol
LIMIT {{limit}};
