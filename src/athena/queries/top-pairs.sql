-- title: Pairs of addresses with the most traffic
-- answers: Between which source and destination addresses were the most bytes sent?
-- aws: VpcFlowLogsTotalBytesTransferred
-- columns: srcaddr dstaddr packets bytes
-- parameter: limit count, default 50: rows of the answer
-- note: The same bytes are logged at every interface they pass, so sums over several interfaces count them again.
SELECT srcaddr, dstaddr, count(*) AS flows, sum(packets) AS packets, sum(bytes) AS bytes
FROM {{table}}
WHERE {{days}}
  AND bytes IS NOT NULL
GROUP BY srcaddr, dstaddr
ORDER BY bytes DESC, srcaddr, dstaddr
LIMIT {{limit}};
