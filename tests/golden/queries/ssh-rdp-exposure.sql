-- title: ssh-rdp-exposure
SELECT interface_id, dstaddr, dstport, srcaddr, count(*) AS flows, sum(packets) AS packets, sum(bytes) AS bytes,
       from_unixtime(min(start)) AS first_seen, from_unixtime(max("end")) AS last_seen
FROM "vpc_flow_logs"
WHERE year = '2026' AND month = '01' AND day = '15'
  AND action = 'ACCEPT' AND interface_id <> '-' AND dstport IN (22, 3389)
  AND NOT any_match(ARRAY['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '169.254.0.0/16', 'fc00::/7', 'fe80::/10'],
                    network -> contains(network, TRY_CAST(srcaddr AS ipaddress)))
GROUP BY interface_id, dstaddr, dstport, srcaddr
ORDER BY flows DESC, interface_id, dstaddr, dstport, srcaddr
LIMIT 100;
