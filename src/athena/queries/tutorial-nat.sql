-- title: The tutorial's second query: a NAT gateway's traffic, both ways
-- answers: What left under the address of a NAT gateway, and what came back to it?
-- columns: srcaddr dstaddr srcport dstport packets bytes
-- parameter: gateway addresses, default 54.248.89.189: the gateway's address as its interface logs it
-- note: Many gateways log their private address, not the public one; in the sample logs it is 172.32.10.21.
SELECT CASE WHEN srcaddr IN ({{gateway}}) THEN 'out' ELSE 'back' END AS way,
       CASE WHEN srcaddr IN ({{gateway}}) THEN dstaddr ELSE srcaddr END AS server,
       CASE WHEN srcaddr IN ({{gateway}}) THEN dstport ELSE srcport END AS port,
       count(*) AS flows, sum(packets) AS packets, sum(bytes) AS bytes
FROM {{table}}
WHERE {{days}}
  AND (srcaddr IN ({{gateway}}) OR dstaddr IN ({{gateway}}))
GROUP BY 1, 2, 3
ORDER BY way DESC, server, port;
