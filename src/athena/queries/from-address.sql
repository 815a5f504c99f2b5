-- title: Traffic of a source
-- answers: Where did an address send traffic to, and was it allowed?
-- aws: VpcFlowLogsTrafficFrmSrcAddr
-- columns: srcaddr dstaddr dstport protocol packets bytes start end action
-- parameter: address addresses, such as 172.32.21.19: the source
-- parameter: limit count, default 100: rows of the answer
SELECT dstaddr, dstport, protocol, action, count(*) AS flows, sum(packets) AS packets, sum(bytes) AS bytes,
       from_unixtime(min(start)) AS first_seen, from_unixtime(max("end")) AS last_seen
FROM {{table}}
WHERE {{days}}
  AND srcaddr IN ({{address}})
GROUP BY dstaddr, dstport, protocol, action
ORDER BY bytes DESC, dstaddr, dstport, protocol, action
LIMIT {{limit}};
