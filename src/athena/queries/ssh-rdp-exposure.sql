-- title: SSH and RDP that the internet reaches
-- answers: Which interfaces accepted SSH or RDP from addresses that are not our own?
-- columns: interface_id srcaddr dstaddr dstport packets bytes start end action
-- parameter: ports ports, default 22,3389: ports that must not be reached
-- parameter: own networks, default 10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,169.254.0.0/16,fc00::/7,fe80::/10: networks whose addresses are our own
-- parameter: limit count, default 100: rows of the answer
-- note: A VPC may use public ranges such as 172.32.0.0/16, and its IPv6 addresses are public: add them to own. Rows of
-- note: regional NAT gateways, which have no interface and take no connections, are left out.
SELECT interface_id, dstaddr, dstport, srcaddr, count(*) AS flows, sum(packets) AS packets, sum(bytes) AS bytes,
       from_unixtime(min(start)) AS first_seen, from_unixtime(max("end")) AS last_seen
FROM {{table}}
WHERE {{days}}
  AND action = 'ACCEPT' AND interface_id <> '-' AND dstport IN ({{ports}})
  AND NOT any_match(ARRAY[{{own}}],
                    network -> contains(network, TRY_CAST(srcaddr AS ipaddress)))
GROUP BY interface_id, dstaddr, dstport, srcaddr
ORDER BY flows DESC, interface_id, dstaddr, dstport, srcaddr
LIMIT {{limit}};
