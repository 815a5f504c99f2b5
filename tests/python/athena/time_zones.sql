-- from_unixtime with a zone
SELECT from_unixtime(1768435200, 'Asia/Tokyo'), from_unixtime(1768435200, 'America/New_York'), from_unixtime(1768435200, 'UTC'), from_unixtime(1768435200, '+05:30')

-- from_unixtime with hours and minutes
SELECT from_unixtime(1768435200, 5, 30), from_unixtime(1768435200, -3, 0)

-- at time zone
SELECT from_unixtime(start) AT TIME ZONE 'Asia/Tokyo' AS t, interface_id FROM vpc_flow_logs WHERE day = '16' ORDER BY start, interface_id LIMIT 3

-- at_timezone
SELECT at_timezone(from_unixtime(1768435200), 'Europe/Berlin'), at_timezone(TIMESTAMP '2026-07-01 00:00:00 UTC', 'Europe/Berlin')

-- with_timezone
SELECT with_timezone(TIMESTAMP '2026-01-15 00:00:00', 'Asia/Tokyo'), with_timezone(TIMESTAMP '2026-07-01 12:00:00', 'America/Los_Angeles')

-- a zone is dropped by a cast
SELECT CAST(from_unixtime(1768435200) AT TIME ZONE 'Asia/Tokyo' AS timestamp), CAST(from_unixtime(1768435200) AT TIME ZONE 'Asia/Tokyo' AS date), CAST(from_unixtime(1768435200, 'America/New_York') AS varchar)

-- flows of a local day
SELECT date(from_unixtime(start) AT TIME ZONE 'Asia/Tokyo') AS local, count(*) FROM vpc_flow_logs WHERE year = '2026' AND month = '01' AND day IN ('15', '16') GROUP BY 1 ORDER BY 1

-- hours of a local day
SELECT hour(from_unixtime(start, 'Asia/Tokyo')) AS h, count(*) FROM vpc_flow_logs WHERE day = '15' GROUP BY 1 ORDER BY 1

-- truncation in a zone
SELECT date_trunc('day', from_unixtime(start) AT TIME ZONE 'America/New_York') AS d, count(*) FROM vpc_flow_logs WHERE day IN ('15', '16') AND year = '2026' GROUP BY 1 ORDER BY 1

-- the hour that a summer time skips
SELECT TIMESTAMP '2026-03-29 00:30:00 UTC' AT TIME ZONE 'Europe/Berlin', TIMESTAMP '2026-03-29 01:30:00 UTC' AT TIME ZONE 'Europe/Berlin', date_add('hour', 1, TIMESTAMP '2026-03-29 01:30:00 Europe/Berlin')

-- the hour that comes twice
-- differs: an hour that clocks show twice
SELECT TIMESTAMP '2026-10-25 00:30:00 UTC' AT TIME ZONE 'Europe/Berlin', TIMESTAMP '2026-10-25 01:30:00 UTC' AT TIME ZONE 'Europe/Berlin', date_add('hour', 1, TIMESTAMP '2026-10-25 00:30:00 UTC' AT TIME ZONE 'Europe/Berlin')

-- a day of 23 hours
-- differs: an hour that clocks show twice
SELECT date_diff('hour', TIMESTAMP '2026-03-29 00:00:00 Europe/Berlin', TIMESTAMP '2026-03-30 00:00:00 Europe/Berlin'), date_diff('day', TIMESTAMP '2026-03-29 00:00:00 Europe/Berlin', TIMESTAMP '2026-03-30 00:00:00 Europe/Berlin'), TIMESTAMP '2026-03-29 00:00:00 Europe/Berlin' + INTERVAL '1' DAY

-- equal moments of two zones
SELECT from_unixtime(0) = from_unixtime(0, 'Asia/Tokyo'), from_unixtime(0) < from_unixtime(0, 'America/New_York')

-- date_format in a zone
SELECT date_format(from_unixtime(1768435200) AT TIME ZONE 'Asia/Tokyo', '%Y-%m-%d %H:%i'), format_datetime(from_unixtime(1768435200, 'Asia/Tokyo'), 'yyyy-MM-dd HH:mm ZZZ')

-- an unknown zone
-- refused
SELECT from_unixtime(0) AT TIME ZONE 'Mars/Olympus'

-- a time without a zone at a zone
SELECT TIMESTAMP '2026-01-15 00:00:00' AT TIME ZONE 'Asia/Tokyo'

-- offsets
SELECT TIMESTAMP '2026-01-15 00:00:00 +02:00', TIMESTAMP '2026-01-15 00:00:00 -08:00' AT TIME ZONE 'UTC'

-- hours of an offset
-- differs: a time zone that each row names
SELECT timezone_hour(TIMESTAMP '2026-01-15 00:00:00 +02:00'), timezone_minute(TIMESTAMP '2026-01-15 00:00:00 +05:30')

-- zone of each row
-- differs: a time zone that each row names
SELECT x, from_unixtime(1768435200, x) AS t FROM (VALUES 'Asia/Tokyo', 'UTC', 'America/New_York') AS z(x) ORDER BY x

-- the end of a day in New York
SELECT to_unixtime(TIMESTAMP '2026-01-15 23:59:59 America/New_York'), CAST(to_unixtime(TIMESTAMP '2026-01-15 00:00:00 America/New_York') AS bigint)

-- flows between local times
SELECT count(*) FROM vpc_flow_logs WHERE year = '2026' AND from_unixtime(start) AT TIME ZONE 'Asia/Tokyo' BETWEEN TIMESTAMP '2026-01-15 18:00:00 Asia/Tokyo' AND TIMESTAMP '2026-01-16 06:00:00 Asia/Tokyo'

-- group by times in a zone
SELECT date_format(from_unixtime(start) AT TIME ZONE 'Europe/Berlin', '%H') AS h, approx_distinct(srcaddr) > 0 AS some FROM vpc_flow_logs WHERE day = '16' GROUP BY 1 ORDER BY 1

-- current_timezone
SELECT current_timezone()

-- zones that meet in a column
-- differs: times of several zones
SELECT coalesce(if(dstport = 443, from_unixtime(start, 'Europe/Berlin')), from_unixtime(start, 'Asia/Tokyo')) AS t FROM vpc_flow_logs WHERE day = '16' ORDER BY start, t LIMIT 5

-- zones that meet in a union
-- differs: times of several zones
SELECT from_unixtime(0, 'Asia/Tokyo') AS t UNION ALL SELECT from_unixtime(1, 'America/New_York') ORDER BY t

-- a zone keeps its name through an aggregate
SELECT min(from_unixtime(start, 'Asia/Tokyo')) AS low, max(from_unixtime(start) AT TIME ZONE 'Europe/Berlin') AS high FROM vpc_flow_logs WHERE day = '16'

-- with_timezone of a column
SELECT start, with_timezone(CAST(from_unixtime(start) AS timestamp), 'America/New_York') AS t FROM vpc_flow_logs WHERE day = '16' ORDER BY start, srcaddr LIMIT 3

-- with_timezone of an offset and NULL
SELECT with_timezone(TIMESTAMP '2026-01-15 05:06:07', '+05:30'), with_timezone(CAST(NULL AS timestamp), 'UTC'), to_unixtime(with_timezone(TIMESTAMP '1970-01-01 00:00:00', '+01:00'))

-- now has a zone
SELECT substr(CAST(now() AS varchar), 24), substr(CAST(current_timestamp AS varchar), 24), substr(CAST(date_trunc('day', now()) AS varchar), 12), length(CAST(current_timestamp(3) AS varchar)), length(CAST(localtimestamp AS varchar)), length(CAST(localtimestamp(3) AS varchar))

-- now beside other times
SELECT now() = current_timestamp, current_timestamp(3) = now(), current_date = date(now()), now() > TIMESTAMP '2020-01-01 00:00:00', now() > DATE '2020-01-01', now() - INTERVAL '1' DAY < now(), date_diff('hour', now() - INTERVAL '2' HOUR, now()), substr(to_iso8601(now()), 24), hour(now()) = hour(localtimestamp), CAST(now() AS timestamp) = localtimestamp

-- day of now elsewhere
SELECT date_trunc('day', now() AT TIME ZONE 'Asia/Tokyo') <= now(), date_format(now(), '%Y') >= '2020', year(now()) >= 2020

-- now has no digits
-- refused
SELECT now(3)

-- now of microseconds
-- differs: a time has the fraction that it is written with
SELECT length(CAST(current_timestamp(6) AS varchar))

-- a text as a time of a zone
SELECT CAST('2026-01-15 10:00:00 America/New_York' AS timestamp with time zone)

-- a text without a zone as a time of one
SELECT CAST('2026-01-15 10:00:00' AS timestamp with time zone), CAST(TIMESTAMP '2026-01-15 10:00:00' AS timestamp with time zone)

-- no time as a time of a zone
SELECT TRY_CAST('x' AS timestamp with time zone)

-- column as a time of a zone
SELECT CAST(from_unixtime(start) AS timestamp with time zone) AS t FROM vpc_flow_logs WHERE day = '15' ORDER BY 1 LIMIT 3
