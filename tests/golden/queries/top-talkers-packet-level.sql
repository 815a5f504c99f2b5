-- title: top-talkers-packet-level
SELECT CASE way WHEN 'sent' THEN pkt_srcaddr ELSE pkt_dstaddr END AS address,
       sum(CASE way WHEN 'sent' THEN bytes ELSE 0 END) AS sent_bytes,
       sum(CASE way WHEN 'received' THEN bytes ELSE 0 END) AS received_bytes,
       sum(bytes) AS total_bytes
FROM "vpc_flow_logs"
CROSS JOIN (VALUES 'sent', 'received') AS ways (way)
WHERE year = '2026' AND month = '01' AND day = '15'
  AND pkt_srcaddr <> '-' AND bytes IS NOT NULL
GROUP BY 1
ORDER BY total_bytes DESC, address
LIMIT 50;
