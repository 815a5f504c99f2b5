-- title: Subnets with the most traffic
-- answers: Which subnets sent and received the most bytes?
-- aws: VpcFlowLogsTopTalkingSubnets
-- columns: packets bytes subnet_id
-- parameter: limit count, default 50: rows of the answer
SELECT subnet_id, count(*) AS flows, sum(packets) AS packets, sum(bytes) AS bytes
FROM {{table}}
WHERE {{days}}
  AND subnet_id <> '-' AND bytes IS NOT NULL
GROUP BY subnet_id
ORDER BY bytes DESC, subnet_id
LIMIT {{limit}};
