-- title: Traffic to a destination
-- answers: Who sent traffic to an address, and was it allowed?
-- aws: VpcFlowLogsTrafficToDstAddr
-- columns: srcaddr dstaddr dstport protocol packets bytes start end action
-- parameter: address addresses, such as 172.32.21.19: the destination
-- parameter: limit count, default 100: rows of the answer
SELECT srcaddr, dstport, protocol, action, count(*) AS flows, sum(packets) AS packets, sum(bytes) AS bytes,
       from_unixtime(min(start)) AS first_seen, from_unixtime(max("end")) AS last_seen
FROM {{table}}
WHERE {{days}}
  AND dstaddr IN ({{address}})
GROUP BY srcaddr, dstport, protocol, action
ORDER BY bytes DESC, srcaddr, dstport, protocol, action
LIMIT {{limit}};
