-- title: Rejected sources that tried many ports or addresses
-- answers: Who scans?
-- columns: srcaddr dstaddr dstport packets start end action
-- parameter: least count, default 10: fewest different ports or addresses that make a scan
-- parameter: limit count, default 100: rows of the answer
SELECT srcaddr, count(DISTINCT dstaddr) AS addresses, count(DISTINCT dstport) AS ports, count(*) AS flows,
       sum(packets) AS packets, from_unixtime(min(start)) AS first_seen, from_unixtime(max("end")) AS last_seen
FROM {{table}}
WHERE {{days}}
  AND action = 'REJECT'
GROUP BY srcaddr
HAVING count(DISTINCT dstport) >= {{least}} OR count(DISTINCT dstaddr) >= {{least}}
ORDER BY flows DESC, srcaddr
LIMIT {{limit}};
