-- title: top-pairs-packet-level
SELECT pkt_srcaddr, pkt_dstaddr, count(*) AS flows, sum(packets) AS packets, sum(bytes) AS bytes
FROM "vpc_flow_logs"
WHERE year = '2026' AND month = '01' AND day = '15'
  AND pkt_srcaddr <> '-' AND bytes IS NOT NULL
GROUP BY pkt_srcaddr, pkt_dstaddr
ORDER BY bytes DESC, pkt_srcaddr, pkt_dstaddr
LIMIT 50;
