-- title: admin-ports
SELECT CASE WHEN dstport IN (22, 23, 3389, 5900, 5985, 5986, 8080, 8443, 9090, 10000) THEN dstaddr ELSE srcaddr END AS server,
       array_sort(array_agg(DISTINCT CASE WHEN dstport IN (22, 23, 3389, 5900, 5985, 5986, 8080, 8443, 9090, 10000) THEN dstport ELSE srcport END)) AS ports,
       count(*) AS flows, sum(bytes) AS bytes
FROM "vpc_flow_logs"
WHERE year = '2026' AND month = '01' AND day = '15'
  AND (dstport IN (22, 23, 3389, 5900, 5985, 5986, 8080, 8443, 9090, 10000) OR srcport IN (22, 23, 3389, 5900, 5985, 5986, 8080, 8443, 9090, 10000))
GROUP BY 1
ORDER BY bytes DESC, server
LIMIT 10;
