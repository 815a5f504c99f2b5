-- title: flows-once
SELECT srcaddr, dstaddr, count(*) AS flows, sum(packets) AS packets, sum(bytes) AS bytes, sum(records) AS records
FROM (
  SELECT srcaddr, dstaddr, max(packets) AS packets, max(bytes) AS bytes, count(*) AS records
  FROM "vpc_flow_logs"
  WHERE year = '2026' AND month = '01' AND day = '15'
    AND bytes IS NOT NULL
  GROUP BY interface_id, srcaddr, dstaddr, srcport, dstport, protocol, action, start, "end"
)
GROUP BY srcaddr, dstaddr
ORDER BY bytes DESC, srcaddr, dstaddr
LIMIT 50;
