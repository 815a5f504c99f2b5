-- title: Packet-level addresses with the most traffic
-- answers: Which addresses inside the packets, past NAT gateways, sent and received the most bytes?
-- aws: VpcFlowLogsTopTalkersPacketLevel
-- columns: bytes pkt_srcaddr pkt_dstaddr
-- parameter: limit count, default 50: rows of the answer
-- note: The same bytes are logged at every interface they pass, so sums over several interfaces count them again.
SELECT CASE way WHEN 'sent' THEN pkt_srcaddr ELSE pkt_dstaddr END AS address,
       sum(CASE way WHEN 'sent' THEN bytes ELSE 0 END) AS sent_bytes,
       sum(CASE way WHEN 'received' THEN bytes ELSE 0 END) AS received_bytes,
       sum(bytes) AS total_bytes
FROM {{table}}
CROSS JOIN (VALUES 'sent', 'received') AS ways (way)
WHERE {{days}}
  AND pkt_srcaddr <> '-' AND bytes IS NOT NULL
GROUP BY 1
ORDER BY total_bytes DESC, address
LIMIT {{limit}};
