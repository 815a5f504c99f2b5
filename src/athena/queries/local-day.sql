-- title: Flows of a local day, in local time
-- answers: What happened on a day of your own time zone?
-- columns: interface_id srcaddr dstaddr srcport dstport protocol packets bytes start end action log_status
-- parameter: limit count, default 1000: rows of the answer
-- note: --local-day and --tz work with every query. The partition of a record is the UTC day of its object, which AWS
-- note: names after the time the record ended and was delivered: so the partitions are those from the first second of
-- note: the local day to an hour after its last, and start decides in them.
SELECT from_unixtime(start, {{tz}}) AS local_start, from_unixtime("end", {{tz}}) AS local_end,
       interface_id, srcaddr, dstaddr, srcport, dstport, protocol, packets, bytes, action, log_status
FROM {{table}}
WHERE {{days}}
ORDER BY start, interface_id, srcaddr, dstaddr, srcport, dstport
LIMIT {{limit}};
