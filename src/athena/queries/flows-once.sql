-- title: Pairs of addresses with the most traffic, each flow counted once
-- answers: Between which addresses were the most bytes sent, if two flow logs over one interface count once?
-- columns: interface_id srcaddr dstaddr srcport dstport protocol packets bytes start end action
-- parameter: limit count, default 50: rows of the answer
-- note: Records of the same interface, addresses, ports, protocol, action, start and end are one flow, whichever flow log
-- note: wrote them; records says how many there were. Flow logs with other aggregation intervals (1 and 10 minutes) cut flows
-- note: elsewhere: those are not recognised. Different interfaces still count the same bytes again.
SELECT srcaddr, dstaddr, count(*) AS flows, sum(packets) AS packets, sum(bytes) AS bytes, sum(records) AS records
FROM (
  SELECT srcaddr, dstaddr, max(packets) AS packets, max(bytes) AS bytes, count(*) AS records
  FROM {{table}}
  WHERE {{days}}
    AND bytes IS NOT NULL
  GROUP BY interface_id, srcaddr, dstaddr, srcport, dstport, protocol, action, start, "end"
)
GROUP BY srcaddr, dstaddr
ORDER BY bytes DESC, srcaddr, dstaddr
LIMIT {{limit}};
