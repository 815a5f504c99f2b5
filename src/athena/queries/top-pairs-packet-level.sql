-- title: Pairs of packet-level addresses with the most traffic
-- answers: Between which source and destination addresses inside the packets were the most bytes sent?
-- aws: VpcFlowLogsTotalBytesTransferredPacketLevel
-- columns: packets bytes pkt_srcaddr pkt_dstaddr
-- parameter: limit count, default 50: rows of the answer
-- note: The same bytes are logged at every interface they pass, so sums over several interfaces count them again.
SELECT pkt_srcaddr, pkt_dstaddr, count(*) AS flows, sum(packets) AS packets, sum(bytes) AS bytes
FROM {{table}}
WHERE {{days}}
  AND pkt_srcaddr <> '-' AND bytes IS NOT NULL
GROUP BY pkt_srcaddr, pkt_dstaddr
ORDER BY bytes DESC, pkt_srcaddr, pkt_dstaddr
LIMIT {{limit}};
