-- title: coverage-gaps
SELECT interface_id, from_unixtime(covered_until) AS gap_from, from_unixtime(start) AS gap_to,
       CAST(floor((start - covered_until) / 3e2) AS bigint) AS missing_steps
FROM (
  SELECT interface_id, start, max("end") OVER (
           PARTITION BY interface_id ORDER BY start ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS covered_until
  FROM "vpc_flow_logs"
  WHERE year = '2026' AND month = '01' AND day = '15'
    AND interface_id <> '-'
)
WHERE start - covered_until > 1200
ORDER BY missing_steps DESC, interface_id, gap_from
LIMIT 1000;
