-- title: Times without any record of an interface
-- answers: Which interfaces have five-minute steps without any record, NODATA and SKIPDATA included?
-- columns: interface_id start end
-- parameter: seconds count, default 1200: longest silence that is none
-- parameter: limit count, default 1000: rows of the answer
-- note: start and end are those of the first and last packet, so that two aggregation intervals (10 minutes each by
-- note: default) may pass between two records although none is missing; with one-minute intervals set seconds=300.
-- note: Silence before an interface's first and after its last record is not seen.
SELECT interface_id, from_unixtime(covered_until) AS gap_from, from_unixtime(start) AS gap_to,
       CAST(floor((start - covered_until) / 3e2) AS bigint) AS missing_steps
FROM (
  SELECT interface_id, start, max("end") OVER (
           PARTITION BY interface_id ORDER BY start ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS covered_until
  FROM {{table}}
  WHERE {{days}}
    AND interface_id <> '-'
)
WHERE start - covered_until > {{seconds}}
ORDER BY missing_steps DESC, interface_id, gap_from
LIMIT {{limit}};
