-- title: coverage-by-hour
SELECT interface_id, date_trunc('hour', from_unixtime(start)) AS hour_utc, count(*) AS records,
       count_if(log_status = 'SKIPDATA') AS skipdata, count_if(log_status = 'NODATA') AS nodata,
       round(1e2 * count_if(log_status = 'SKIPDATA') / count(*), 2) AS skipdata_percent,
       round(1e2 * count_if(log_status = 'NODATA') / count(*), 2) AS nodata_percent
FROM "vpc_flow_logs"
WHERE year = '2026' AND month = '01' AND day = '15'
GROUP BY 1, 2
ORDER BY skipdata DESC, nodata DESC, interface_id, hour_utc
LIMIT 1000;
