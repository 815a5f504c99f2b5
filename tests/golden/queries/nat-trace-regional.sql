-- title: nat-trace-regional
WITH flows AS (
  SELECT resource_id AS place, protocol, packets, bytes, start, "end",
         CASE WHEN dstaddr IN ('34.160.111.145') THEN 'out' ELSE 'back' END AS way,
         CASE WHEN dstaddr IN ('34.160.111.145') THEN srcaddr ELSE dstaddr END AS host,
         CASE WHEN dstaddr IN ('34.160.111.145') THEN srcport ELSE dstport END AS host_port,
         CASE WHEN dstaddr IN ('34.160.111.145') THEN dstaddr ELSE srcaddr END AS server,
         CASE WHEN dstaddr IN ('34.160.111.145') THEN dstport ELSE srcport END AS server_port,
         CASE WHEN any_match(ARRAY['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'],
                             network -> contains(network, TRY_CAST(
                               CASE WHEN dstaddr IN ('34.160.111.145') THEN srcaddr ELSE dstaddr END AS ipaddress)))
              THEN 'private' ELSE 'gateway' END AS side
  FROM "vpc_flow_logs"
  WHERE year = '2026' AND month = '01' AND day = '15'
    AND (dstaddr IN ('34.160.111.145') OR srcaddr IN ('34.160.111.145'))
    AND resource_id <> '-'
),
pairs AS (
  SELECT private.way, private.start, private.host AS private_address, private.host_port AS private_port,
         gateway.host AS gateway_address, gateway.host_port AS gateway_port,
         private.server, private.server_port, private.protocol, private.packets, private.bytes,
         gateway.packets = private.packets AND gateway.bytes = private.bytes AS same_volume
  FROM flows AS private
  JOIN flows AS gateway ON gateway.place = private.place AND gateway.way = private.way
    AND gateway.server = private.server AND gateway.server_port = private.server_port
    AND gateway.protocol = private.protocol
    AND gateway.start <= private."end" + 600 AND gateway."end" >= private.start - 600
  WHERE private.side = 'private' AND gateway.side = 'gateway'
),
ranked AS (
  SELECT *, rank() OVER (PARTITION BY way, start, private_address, private_port, server, server_port, packets, bytes
                         ORDER BY CASE WHEN same_volume THEN 0 ELSE 1 END) AS fit
  FROM pairs
)
SELECT from_unixtime(start) AS seen, way, private_address, private_port, gateway_address, gateway_port,
       server, server_port, protocol, packets, bytes, same_volume
FROM ranked
WHERE fit = 1 AND (private_address IN ('10.20.20.41') OR gateway_address IN ('10.20.20.41'))
ORDER BY seen, way DESC, private_address, private_port, gateway_address, gateway_port
LIMIT 1000;
