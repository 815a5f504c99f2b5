-- title: local-day
SELECT from_unixtime(start, 'Asia/Tokyo') AS local_start, from_unixtime("end", 'Asia/Tokyo') AS local_end,
       interface_id, srcaddr, dstaddr, srcport, dstport, protocol, packets, bytes, action, log_status
FROM "vpc_flow_logs"
WHERE year = '2026' AND month = '01' AND day IN ('14', '15')
  AND start >= 1768402800
  AND start < 1768489200
ORDER BY start, interface_id, srcaddr, dstaddr, srcport, dstport
LIMIT 1000;
