-- title: A view with local times
-- answers: How do I query in local time without thinking of UTC?
-- columns: start end
-- parameter: zone zone, such as Asia/Tokyo: the time zone
-- parameter: view table, default vpc_flow_logs_local: name of the view
-- note: Always filter on year, month and day too, which stay UTC: 2026-01-15 in Asia/Tokyo is the last nine hours of
-- note: 2026-01-14 and the first fifteen of 2026-01-15. Create the view again when the table gets new columns.
CREATE OR REPLACE VIEW {{view}} AS
SELECT *,
       CAST(from_unixtime(start, {{zone}}) AS timestamp) AS local_start,
       CAST(from_unixtime("end", {{zone}}) AS timestamp) AS local_end,
       CAST(from_unixtime(start, {{zone}}) AS date) AS local_day
FROM {{table}};
