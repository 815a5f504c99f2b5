-- title: A connection through a regional NAT gateway, both ways
-- answers: Who left under which address through a regional NAT gateway, which has no interface of its own?
-- columns: srcaddr dstaddr srcport dstport protocol packets bytes start end resource_id
-- parameter: address addresses, such as 10.20.20.41: what is known, a private address or the gateway's
-- parameter: server addresses, such as 34.160.111.145: the other end
-- parameter: own networks, default 10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10: networks of the private hosts
-- parameter: within count, default 600: seconds by which the records of the two sides may lie apart
-- parameter: limit count, default 1000: rows of the answer
-- note: A flow is matched by server, port, time and volume. same_volume is false where no flow of that time has
-- note: the same packets and bytes; then all of that time are listed.
WITH flows AS (
  SELECT resource_id AS place, protocol, packets, bytes, start, "end",
         CASE WHEN dstaddr IN ({{server}}) THEN 'out' ELSE 'back' END AS way,
         CASE WHEN dstaddr IN ({{server}}) THEN srcaddr ELSE dstaddr END AS host,
         CASE WHEN dstaddr IN ({{server}}) THEN srcport ELSE dstport END AS host_port,
         CASE WHEN dstaddr IN ({{server}}) THEN dstaddr ELSE srcaddr END AS server,
         CASE WHEN dstaddr IN ({{server}}) THEN dstport ELSE srcport END AS server_port,
         CASE WHEN any_match(ARRAY[{{own}}],
                             network -> contains(network, TRY_CAST(
                               CASE WHEN dstaddr IN ({{server}}) THEN srcaddr ELSE dstaddr END AS ipaddress)))
              THEN 'private' ELSE 'gateway' END AS side
  FROM {{table}}
  WHERE {{days}}
    AND (dstaddr IN ({{server}}) OR srcaddr IN ({{server}}))
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
    AND gateway.start <= private."end" + {{within}} AND gateway."end" >= private.start - {{within}}
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
WHERE fit = 1 AND (private_address IN ({{address}}) OR gateway_address IN ({{address}}))
ORDER BY seen, way DESC, private_address, private_port, gateway_address, gateway_port
LIMIT {{limit}};
