-- title: Addresses with the most traffic
-- answers: Which addresses sent and received the most bytes?
-- aws: VpcFlowLogsTopTalkers
-- columns: srcaddr dstaddr bytes
-- parameter: limit count, default 50: rows of the answer
-- note: The same bytes are logged at every interface they pass, so sums over several interfaces count them again.
SELECT CASE way WHEN 'sent' THEN srcaddr ELSE dstaddr END AS address,
       sum(CASE way WHEN 'sent' THEN bytes ELSE 0 END) AS sent_bytes,
       sum(CASE way WHEN 'received' THEN bytes ELSE 0 END) AS received_bytes,
       sum(bytes) AS total_bytes
FROM {{table}}
CROSS JOIN (VALUES 'sent', 'received') AS ways (way)
WHERE {{days}}
  AND bytes IS NOT NULL
GROUP BY 1
ORDER BY total_bytes DESC, address
LIMIT {{limit}};
