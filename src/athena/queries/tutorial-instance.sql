-- title: The tutorial's first query: servers of an instance
-- answers: How much did an instance send to some servers on a TCP port?
-- columns: srcaddr dstaddr dstport protocol packets bytes
-- parameter: address addresses, default 172.32.21.19: the instance
-- parameter: port port, default 443: the servers' port
-- parameter: servers addresses, default 34.160.111.145,104.18.26.120: the servers
SELECT dstaddr, count(*) AS flows, sum(packets) AS packets, sum(bytes) AS bytes
FROM {{table}}
WHERE {{days}}
  AND srcaddr IN ({{address}}) AND dstport = {{port}} AND protocol = 6
  AND dstaddr IN ({{servers}})
GROUP BY dstaddr
ORDER BY dstaddr;
