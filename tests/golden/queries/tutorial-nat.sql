-- title: tutorial-nat
SELECT CASE WHEN srcaddr IN ('54.248.89.189') THEN 'out' ELSE 'back' END AS way,
       CASE WHEN srcaddr IN ('54.248.89.189') THEN dstaddr ELSE srcaddr END AS server,
       CASE WHEN srcaddr IN ('54.248.89.189') THEN dstport ELSE srcport END AS port,
       count(*) AS flows, sum(packets) AS packets, sum(bytes) AS bytes
FROM "vpc_flow_logs"
WHERE year = '2026' AND month = '01' AND day = '15'
  AND (srcaddr IN ('54.248.89.189') OR dstaddr IN ('54.248.89.189'))
GROUP BY 1, 2, 3
ORDER BY way DESC, server, port;
