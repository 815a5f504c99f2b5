-- title: local-time-view
CREATE OR REPLACE VIEW "vpc_flow_logs_local" AS
SELECT *,
       CAST(from_unixtime(start, 'Asia/Tokyo') AS timestamp) AS local_start,
       CAST(from_unixtime("end", 'Asia/Tokyo') AS timestamp) AS local_end,
       CAST(from_unixtime(start, 'Asia/Tokyo') AS date) AS local_day
FROM "vpc_flow_logs";
