-- title: rejected
SELECT srcaddr, dstaddr, dstport, protocol, count(*) AS flows, sum(packets) AS packets, sum(bytes) AS bytes,
       from_unixtime(min(start)) AS first_seen, from_unixtime(max("end")) AS last_seen
FROM "logs"."flow_1"
WHERE ((year = '2025' AND month = '12' AND day IN ('30', '31'))
    OR (year = '2026' AND month = '01')
    OR (year = '2026' AND month = '02' AND day = '01'))
  AND aws_account_id = '123456789012'
  AND aws_region IN ('us-east-1', 'eu-west-1')
  AND action = 'REJECT'
GROUP BY srcaddr, dstaddr, dstport, protocol
ORDER BY flows DESC, srcaddr, dstaddr, dstport, protocol
LIMIT 3;
