-- from_unixtime of a column
SELECT from_unixtime(start) AS t, interface_id FROM vpc_flow_logs WHERE day = '16' ORDER BY start, interface_id LIMIT 4

-- from_unixtime of a fraction
SELECT from_unixtime(1768435200.5e0), from_unixtime(1.25), from_unixtime(0), from_unixtime(-1)

-- from_unixtime of NULL
SELECT from_unixtime(NULL), from_unixtime(bytes) FROM vpc_flow_logs WHERE day = '28' ORDER BY start LIMIT 1

-- to_unixtime
SELECT to_unixtime(TIMESTAMP '2026-01-15 00:00:00'), to_unixtime(TIMESTAMP '2026-01-15 00:00:00.250'), to_unixtime(TIMESTAMP '2026-01-15 00:00:00 Asia/Tokyo')

-- to_unixtime as a bound
SELECT count(*) FROM vpc_flow_logs WHERE day = '15' AND start >= to_unixtime(TIMESTAMP '2026-01-15 12:00:00')

-- a bound by from_unixtime
SELECT count(*) FROM vpc_flow_logs WHERE day = '15' AND from_unixtime(start) >= TIMESTAMP '2026-01-15 12:00:00'

-- between two times
SELECT count(*) FROM vpc_flow_logs WHERE year = '2026' AND from_unixtime(start) BETWEEN TIMESTAMP '2026-01-15 06:00:00' AND TIMESTAMP '2026-01-16 06:00:00'

-- a bound by a date
SELECT count(*) FROM vpc_flow_logs WHERE from_unixtime(start) >= DATE '2026-01-16'

-- flows an hour
SELECT date_trunc('hour', from_unixtime(start)) AS hour, count(*) AS flows, sum(bytes) AS bytes FROM vpc_flow_logs WHERE year = '2026' AND month = '01' AND day = '16' GROUP BY 1 ORDER BY 1

-- flows a day
SELECT date_trunc('day', from_unixtime(start)) AS d, count(*) FROM vpc_flow_logs WHERE year = '2026' GROUP BY date_trunc('day', from_unixtime(start)) ORDER BY d DESC

-- date_trunc of all units
SELECT date_trunc('second', t), date_trunc('minute', t), date_trunc('hour', t), date_trunc('day', t), date_trunc('week', t), date_trunc('month', t), date_trunc('quarter', t), date_trunc('year', t) FROM (VALUES TIMESTAMP '2026-05-17 13:45:59.123') AS x(t)

-- date_trunc of a date is a date
SELECT date_trunc('month', DATE '2026-05-17'), date_trunc('week', DATE '2026-05-17'), date_trunc('year', DATE '2026-05-17')

-- date_trunc in upper case
SELECT date_trunc('HOUR', TIMESTAMP '2026-05-17 13:45:59'), DATE_TRUNC('Day', TIMESTAMP '2026-05-17 13:45:59')

-- date_trunc of an unknown unit
-- refused
SELECT date_trunc('decade', TIMESTAMP '2026-05-17 13:45:59')

-- date_trunc of an hour of a date
-- refused
SELECT date_trunc('hour', DATE '2026-05-17')

-- date of a time
SELECT date(from_unixtime(start)) AS d, count(*) FROM vpc_flow_logs WHERE year = '2026' GROUP BY 1 ORDER BY 1

-- date of a text
SELECT date('2026-01-15'), DATE '2026-01-15' = date('2026-01-15')

-- date of key columns
SELECT DISTINCT date(year || '-' || month || '-' || day) AS d FROM vpc_flow_logs ORDER BY d

-- keys as a date in a condition
SELECT count(*) FROM vpc_flow_logs WHERE CAST(concat(year, '-', month, '-', day) AS date) BETWEEN DATE '2026-01-15' AND DATE '2026-01-31'

-- keys with slashes
SELECT count(*) FROM vpc_flow_logs WHERE date_parse(year || '/' || month || '/' || day, '%Y/%m/%d') > TIMESTAMP '2026-01-15 00:00:00'

-- date_parse
SELECT date_parse('2026-01-15 05:06:07', '%Y-%m-%d %H:%i:%s'), date_parse('15/Jan/2026', '%d/%b/%Y'), date_parse('20260115', '%Y%m%d'), date_parse('01/15/26 5:06 PM', '%m/%d/%y %l:%i %p')

-- date_parse of what does not fit
-- refused
SELECT date_parse('2026-13-15', '%Y-%m-%d')

-- date_parse with a rest
-- refused
SELECT date_parse('2026-01-15 05:06', '%Y-%m-%d')

-- date_format
SELECT date_format(t, '%Y-%m-%d %H:%i:%s'), date_format(t, '%W, %M %e, %Y'), date_format(t, '%a %b %d %T %y'), date_format(t, '%h:%i %p'), date_format(t, '%j %v %x %k %l %c %f %%'), date_format(t, '%r') FROM (VALUES TIMESTAMP '2026-01-05 15:06:07.089') AS x(t)

-- date_format of flows
SELECT date_format(from_unixtime(start), '%Y-%m-%d %H:00') AS hour, count(*) FROM vpc_flow_logs WHERE day = '16' GROUP BY 1 ORDER BY 1

-- date_format of a date
SELECT date_format(DATE '2026-01-15', '%d.%m.%Y')

-- format_datetime
SELECT format_datetime(t, 'yyyy-MM-dd HH:mm:ss'), format_datetime(t, 'EEE, d MMM yyyy'), format_datetime(t, 'HH:mm:ss.SSS'), format_datetime(t, 'yyyyMMdd''T''HHmmss') FROM (VALUES TIMESTAMP '2026-01-05 15:06:07.089') AS x(t)

-- parse_datetime
SELECT parse_datetime('2026-01-15 05:06', 'yyyy-MM-dd HH:mm'), parse_datetime('15.01.2026', 'dd.MM.yyyy')

-- from_iso8601_timestamp
SELECT from_iso8601_timestamp('2026-01-15T05:06:07Z'), from_iso8601_timestamp('2026-01-15T05:06:07.123+09:00'), from_iso8601_timestamp('2026-01-15'), from_iso8601_timestamp('2026-01-15T05:06')

-- from_iso8601_timestamp of what is none
-- refused
SELECT from_iso8601_timestamp('15.01.2026')

-- from_iso8601_timestamp as a bound
SELECT count(*) FROM vpc_flow_logs WHERE day = '15' AND start BETWEEN to_unixtime(from_iso8601_timestamp('2026-01-15T06:00:00Z')) AND to_unixtime(from_iso8601_timestamp('2026-01-15T18:00:00Z'))

-- from_iso8601_date
-- differs: NULL within `array_max`
SELECT from_iso8601_date('2026-01-15'), from_iso8601_date('2026-W03-4'), from_iso8601_date('2026-015')

-- to_iso8601
-- differs: a time without a fraction
SELECT to_iso8601(DATE '2026-01-15'), to_iso8601(TIMESTAMP '2026-01-15 05:06:07'), to_iso8601(from_unixtime(1768435200)), to_iso8601(TIMESTAMP '2026-01-15 05:06:07.120 Asia/Tokyo')

-- date_add
-- differs: a time has the fraction
SELECT date_add('day', 1, t), date_add('hour', -3, t), date_add('month', 1, t), date_add('minute', 90, t), date_add('week', 2, t), date_add('quarter', 1, t), date_add('year', -1, t), date_add('second', 1, t), date_add('millisecond', 5, t) FROM (VALUES TIMESTAMP '2026-01-31 13:45:59') AS x(t)

-- date_add of a date is a date
SELECT date_add('day', 1, DATE '2026-02-28'), date_add('month', 1, DATE '2026-01-31'), date_add('year', 1, DATE '2024-02-29')

-- date_add of hours to a date
-- refused
SELECT date_add('hour', 1, DATE '2026-02-28')

-- date_diff
SELECT date_diff('day', a, b), date_diff('hour', a, b), date_diff('minute', a, b), date_diff('second', a, b), date_diff('month', a, b), date_diff('week', a, b), date_diff('quarter', a, b), date_diff('year', a, b), date_diff('day', b, a), date_diff('millisecond', a, b) FROM (VALUES (TIMESTAMP '2025-12-31 23:00:00', TIMESTAMP '2026-03-01 01:00:00')) AS x(a, b)

-- date_diff of dates
SELECT date_diff('day', DATE '2026-01-15', DATE '2026-03-01'), date_diff('month', DATE '2026-01-31', DATE '2026-02-28'), date_diff('year', DATE '2024-02-29', DATE '2025-02-28')

-- date_diff of flows
SELECT date_diff('second', from_unixtime(start), from_unixtime("end")) AS seconds, count(*) FROM vpc_flow_logs WHERE day = '15' GROUP BY 1 ORDER BY 1

-- parts of a time
SELECT year(t), quarter(t), month(t), week(t), day(t), hour(t), minute(t), second(t), millisecond(t), day_of_week(t), day_of_year(t), day_of_month(t), dow(t), doy(t), week_of_year(t), year_of_week(t), yow(t) FROM (VALUES TIMESTAMP '2026-01-04 13:45:59.123') AS x(t)

-- extract
SELECT EXTRACT(YEAR FROM t), EXTRACT(QUARTER FROM t), EXTRACT(MONTH FROM t), EXTRACT(WEEK FROM t), EXTRACT(DAY FROM t), EXTRACT(HOUR FROM t), EXTRACT(MINUTE FROM t), EXTRACT(SECOND FROM t), EXTRACT(DOW FROM t), EXTRACT(DOY FROM t), EXTRACT(DAY_OF_WEEK FROM t), EXTRACT(DAY_OF_YEAR FROM t), EXTRACT(YOW FROM t) FROM (VALUES TIMESTAMP '2026-01-04 13:45:59.123') AS x(t)

-- day of the week of all days
SELECT d, EXTRACT(DOW FROM d) AS dow, day_of_week(d) AS day, date_format(d, '%a') AS name FROM UNNEST(sequence(DATE '2026-01-12', DATE '2026-01-18', INTERVAL '1' DAY)) AS t(d) ORDER BY d

-- hours of the day
SELECT hour(from_unixtime(start)) AS h, count(*) AS flows FROM vpc_flow_logs WHERE day = '15' GROUP BY hour(from_unixtime(start)) ORDER BY flows DESC, h

-- last_day_of_month
SELECT last_day_of_month(DATE '2024-02-03'), last_day_of_month(TIMESTAMP '2026-12-31 23:59:59')

-- interval arithmetic
SELECT TIMESTAMP '2026-01-31 00:00:00' + INTERVAL '1' MONTH, TIMESTAMP '2026-01-15 00:00:00' - INTERVAL '90' MINUTE, DATE '2026-01-15' + INTERVAL '1' DAY, DATE '2026-03-31' - INTERVAL '1' MONTH

-- an interval several times
SELECT INTERVAL '2' DAY * 3, TIMESTAMP '2026-01-15 00:00:00' + 5 * INTERVAL '1' MINUTE

-- difference of times
SELECT TIMESTAMP '2026-01-16 01:00:00' - TIMESTAMP '2026-01-15 00:00:00', DATE '2026-01-16' - DATE '2026-01-14'

-- intervals
SELECT INTERVAL '1' DAY, INTERVAL '2' HOUR, INTERVAL '1' MONTH

-- intervals of two units
-- differs: `TIME`, intervals of two units
SELECT INTERVAL '1-2' YEAR TO MONTH, INTERVAL '1 02:03:04' DAY TO SECOND

-- parse_duration
SELECT parse_duration('42.5m'), parse_duration('1h'), from_unixtime(0) + parse_duration('90s')

-- to_milliseconds
SELECT to_milliseconds(parse_duration('1h')), to_milliseconds(INTERVAL '1' DAY)

-- hours added to a date
-- refused
SELECT DATE '2026-01-15' + INTERVAL '1' HOUR

-- comparing dates and times
SELECT DATE '2026-01-15' < TIMESTAMP '2026-01-15 00:00:01', DATE '2026-01-15' = TIMESTAMP '2026-01-15 00:00:00', TIMESTAMP '2026-01-15 00:00:00' = TIMESTAMP '2026-01-15 09:00:00 Asia/Tokyo'

-- a date and a text are not compared
-- refused
SELECT DATE '2026-01-15' = '2026-01-15'

-- a time and a text are not compared
-- refused
SELECT count(*) FROM vpc_flow_logs WHERE from_unixtime(start) > '2026-01-15 00:00:00'

-- casts to times
SELECT CAST('2026-01-15 05:06:07' AS timestamp), CAST('2026-01-15' AS timestamp), CAST('2026-01-15 05:06:07.5' AS timestamp), CAST(DATE '2026-01-15' AS timestamp), CAST('2026-01-15' AS date), CAST(TIMESTAMP '2026-01-15 23:59:59' AS date)

-- cast of a time in ISO 8601
-- refused
SELECT CAST('2026-01-15T05:06:07Z' AS timestamp)

-- cast of a day that is none
-- refused
SELECT CAST('2026-02-30' AS date)

-- try_cast of days that are none
SELECT TRY_CAST('2026-02-30' AS date), TRY_CAST('x' AS timestamp), TRY_CAST('2026-1-5' AS date)

-- time of day
SELECT CAST(TIMESTAMP '2026-01-15 05:06:07.120' AS time), TIME '05:06:07', TIME '23:00:00' < TIME '23:00:01'

-- time of day and an interval
-- differs: `TIME`, intervals of two units
SELECT TIME '05:06:07' + INTERVAL '1' HOUR, TIME '23:30:00' + INTERVAL '1' HOUR

-- flows of office hours
SELECT count(*) FROM vpc_flow_logs WHERE day = '15' AND CAST(from_unixtime(start) AS time) BETWEEN TIME '08:00:00' AND TIME '17:00:00'

-- min and max of times
SELECT min(from_unixtime(start)), max(from_unixtime("end")) FROM vpc_flow_logs WHERE day = '15'

-- current_date is a date
SELECT current_date > DATE '2020-01-01', now() > TIMESTAMP '2020-01-01 00:00:00 UTC', current_timestamp = now(), localtimestamp > TIMESTAMP '2020-01-01 00:00:00', date_diff('day', current_date, CAST(now() AS date))

-- the last days
SELECT count(*) FROM vpc_flow_logs WHERE from_unixtime(start) > now() - INTERVAL '7' DAY AND year = '2024'

-- yesterday by keys
SELECT count(*) FROM vpc_flow_logs WHERE year = date_format(current_date - INTERVAL '1' DAY, '%Y') AND month = date_format(current_date - INTERVAL '1' DAY, '%m') AND day = '99'

-- human readable seconds
SELECT human_readable_seconds(96)

-- bins of five minutes
SELECT from_unixtime(start - start % 300) AS bin, count(*) FROM vpc_flow_logs WHERE day = '16' GROUP BY 1 ORDER BY 1 LIMIT 6

-- bins of five minutes by floor
SELECT from_unixtime(floor(start / 300) * 300) AS bin, count(*) AS n FROM vpc_flow_logs WHERE day = '16' GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 6

-- seconds to milliseconds
SELECT from_unixtime(start * 1000 / 1000) = from_unixtime(start) AS same, count(*) FROM vpc_flow_logs WHERE day = '15' GROUP BY 1

-- intervals many times
SELECT INTERVAL '1' MONTH * 3, 2 * INTERVAL '90' MINUTE, INTERVAL '1' DAY / 2, INTERVAL '1' DAY * 1.5e0, DATE '2026-01-15' + 2 * INTERVAL '1' DAY

-- intervals added
SELECT INTERVAL '1' DAY + INTERVAL '2' HOUR, INTERVAL '1' HOUR - INTERVAL '90' MINUTE, from_unixtime(0) + (INTERVAL '1' DAY + INTERVAL '1' MINUTE)

-- durations
SELECT parse_duration('1.5d'), parse_duration('250 ms'), to_milliseconds(parse_duration('2m')), human_readable_seconds(3661.7e0), human_readable_seconds(0), human_readable_seconds(604800 + 86400)

-- a duration that is none
-- refused
SELECT parse_duration('5 years')

-- more of format_datetime
SELECT format_datetime(t, 'yy/M/d h:mm a'), format_datetime(t, 'EEEE, MMMM d yyyy'), format_datetime(t, 'D w e x'), format_datetime(t, 'K k H S SS'), format_datetime(t, '''Q''''s'' yyyy'), format_datetime(t, 'YYYY G C') FROM (VALUES TIMESTAMP '2026-01-05 00:06:07.089', TIMESTAMP '2024-12-31 12:59:00.000') AS x(t) ORDER BY t

-- format_datetime in a zone
SELECT format_datetime(from_unixtime(1768435200, 'Asia/Tokyo'), 'yyyy-MM-dd HH:mm Z ZZ ZZZ z'), format_datetime(from_unixtime(1768435200), 'HH:mm ZZ'), format_datetime(DATE '2026-01-15', 'dd.MM.yyyy'), format_datetime(NULL, 'yyyy')

-- format_datetime of columns
SELECT format_datetime(from_unixtime(start), 'yyyy-MM-dd HH:00') AS h, count(*) AS n FROM vpc_flow_logs WHERE day = '15' GROUP BY 1 ORDER BY 1

-- format_datetime with a letter that is none
-- refused
SELECT format_datetime(now(), 'yyyy-QQ')

-- more of parse_datetime
SELECT parse_datetime('20260115050607', 'yyyyMMddHHmmss'), parse_datetime('Jan 5, 2026 3:04 PM', 'MMM d, yyyy h:mm a'), parse_datetime('2026-015', 'yyyy-DDD'), parse_datetime('1/2/26', 'M/d/yy'), parse_datetime('05:06:07.12', 'HH:mm:ss.SSS'), parse_datetime('Thursday 15 january 2026', 'EEEE d MMMM yyyy')

-- parse_datetime with an offset
SELECT parse_datetime('2026-01-15 05:06 +0900', 'yyyy-MM-dd HH:mm Z'), parse_datetime('2026-01-15T05:06:07-03:30', 'yyyy-MM-dd''T''HH:mm:ssZ'), to_unixtime(parse_datetime('15/Jan/2026:05:06:07 +0000', 'dd/MMM/yyyy:HH:mm:ss Z'))

-- parse_datetime of what does not fit
-- refused
SELECT parse_datetime('2026-01-15 05', 'yyyy-MM-dd')

-- parse_datetime of no day
-- refused
SELECT parse_datetime('2026-02-30', 'yyyy-MM-dd')

-- parse_datetime in a condition
SELECT count(*) FROM vpc_flow_logs WHERE day = '15' AND from_unixtime(start) >= parse_datetime('2026-01-15 12', 'yyyy-MM-dd HH')

-- a date and whole days of hours
SELECT DATE '2026-01-15' - INTERVAL '24' HOUR, INTERVAL '1' DAY + DATE '2026-01-15', DATE '2026-01-15' + INTERVAL '1' MONTH

-- a date less minutes
-- refused
SELECT DATE '2026-01-15' - INTERVAL '90' MINUTE

-- an hour and a date
-- refused
SELECT date(from_unixtime(start)) + INTERVAL '1' SECOND FROM vpc_flow_logs WHERE day = '16'

-- parse_datetime of UTC
SELECT parse_datetime('2026-01-15T10:20:30Z', 'yyyy-MM-dd''T''HH:mm:ssZ'), parse_datetime('2026-01-15T10:20:30z', 'yyyy-MM-dd''T''HH:mm:ssZZ'), parse_datetime('2026-01-15T10:20:30-0200', 'yyyy-MM-dd''T''HH:mm:ssZ')

-- parse_datetime of a zone by its name
-- refused
SELECT parse_datetime('2026-01-15T10:20:30Z', 'yyyy-MM-dd''T''HH:mm:ssZZZ')

-- parts of a date
SELECT date_parse('2026-01', '%Y-%m'), date_parse('10:20', '%H:%i'), date_parse('2026-015', '%Y-%j'), date_parse('02:30 PM', '%h:%i %p'), date_parse('2026', '%Y'), date_parse('30', '%s')
