-- title: ssh-rdp
SELECT CASE WHEN dstport IN (22, 3389) THEN srcaddr ELSE dstaddr END AS client,
       CASE WHEN dstport IN (22, 3389) THEN dstaddr ELSE srcaddr END AS server,
       CASE WHEN dstport IN (22, 3389) THEN dstport ELSE srcport END AS port,
       action, count(*) AS flows, sum(packets) AS packets, sum(bytes) AS bytes,
       from_unixtime(min(start)) AS first_seen, from_unixtime(max("end")) AS last_seen
FROM "vpc_flow_logs"
WHERE year = '2026' AND month = '01' AND day = '15'
  AND (dstport IN (22, 3389) OR srcport IN (22, 3389))
GROUP BY 1, 2, 3, 4
ORDER BY flows DESC, client, server, port, action
LIMIT 100;
