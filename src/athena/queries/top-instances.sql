-- title: Instances with the most traffic
-- answers: Which instances sent and received the most bytes?
-- aws: VpcFlowLogsTopTalkingInstances
-- columns: packets bytes instance_id
-- parameter: limit count, default 50: rows of the answer
SELECT instance_id, count(*) AS flows, sum(packets) AS packets, sum(bytes) AS bytes
FROM {{table}}
WHERE {{days}}
  AND instance_id <> '-' AND bytes IS NOT NULL
GROUP BY instance_id
ORDER BY bytes DESC, instance_id
LIMIT {{limit}};
