-- title: SKIPDATA and NODATA by interface and hour
-- answers: Where did AWS lose records (SKIPDATA), and where was no traffic (NODATA)?
-- columns: interface_id start log_status
-- parameter: limit count, default 1000: rows of the answer
-- note: One SKIPDATA record can stand for many lost flows.
SELECT interface_id, date_trunc('hour', from_unixtime(start)) AS hour_utc, count(*) AS records,
       count_if(log_status = 'SKIPDATA') AS skipdata, count_if(log_status = 'NODATA') AS nodata,
       round(1e2 * count_if(log_status = 'SKIPDATA') / count(*), 2) AS skipdata_percent,
       round(1e2 * count_if(log_status = 'NODATA') / count(*), 2) AS nodata_percent
FROM {{table}}
WHERE {{days}}
GROUP BY 1, 2
ORDER BY skipdata DESC, nodata DESC, interface_id, hour_utc
LIMIT {{limit}};
