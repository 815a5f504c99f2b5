-- division is whole
SELECT 7 / 2, -7 / 2, 7 % 3, -7 % 3, mod(7, -3), 7 / -2

-- division of an integer by zero
-- refused
SELECT 1 / 0

-- division of a column by zero
-- refused
SELECT bytes / packets FROM vpc_flow_logs WHERE day = '15'

-- division by zero that a condition excludes
SELECT interface_id, bytes / packets AS mean FROM vpc_flow_logs WHERE day = '15' AND packets > 0 ORDER BY mean DESC, start, interface_id, srcaddr, dstaddr

-- division by zero in CASE
SELECT CASE WHEN packets > 0 THEN bytes / packets END AS mean, count(*) FROM vpc_flow_logs WHERE day = '16' GROUP BY 1 ORDER BY 1

-- remainder by zero
-- refused
SELECT 5 % 0

-- overflow of an integer
-- refused
SELECT 2147483647 + 1

-- overflow of a column of integers
-- refused
SELECT srcport + 1 FROM vpc_flow_logs WHERE year = '2024'

-- no overflow in bigint
SELECT CAST(srcport AS bigint) + 1 AS n FROM vpc_flow_logs WHERE year = '2024' ORDER BY n

-- overflow of a bigint
-- refused
SELECT bytes + 1 FROM vpc_flow_logs WHERE year = '2024'

-- overflow of a product of bigints
-- refused
SELECT bytes * 8 FROM vpc_flow_logs WHERE year = '2024'

-- overflow of a sum of bigints
-- refused
SELECT sum(bytes) FROM vpc_flow_logs WHERE year = '2024' AND bytes > 0

-- a sum over all days overflows
-- refused
SELECT sum(bytes) FROM vpc_flow_logs WHERE bytes > 0

-- sum of bigints as decimals
SELECT sum(CAST(bytes AS decimal(38, 0))) FROM vpc_flow_logs WHERE year = '2024'

-- sum of integers is a bigint
SELECT sum(srcport), sum(dstport), avg(srcport), max(srcport), min(srcport) FROM vpc_flow_logs WHERE year = '2024'

-- product of integers overflows
-- refused
SELECT srcport * 65536 FROM vpc_flow_logs WHERE day = '16' AND srcport = 65535

-- product of literals overflows
-- refused
SELECT 65536 * 65536

-- product with a bigint literal
SELECT 65536 * BIGINT '65536', 65536 * CAST(65536 AS bigint), 4294967296 * 2

-- negation of the least bigint
-- refused
SELECT -bytes FROM vpc_flow_logs WHERE year = '2024' AND bytes < -1

-- abs of the least bigint
-- refused
SELECT abs(bytes) FROM vpc_flow_logs WHERE year = '2024'

-- the ends of bigint
SELECT min(bytes), max(bytes), min(srcport), max(srcport) FROM vpc_flow_logs WHERE year = '2024'

-- average of large numbers
SELECT avg(bytes) FROM vpc_flow_logs WHERE year = '2024' AND bytes BETWEEN 1 AND 4611686018427387904

-- small integer types
SELECT SMALLINT '7' + SMALLINT '8', TINYINT '100' + TINYINT '1', CAST(300 AS smallint)

-- overflow of tinyint
-- differs: `tinyint` and `smallint`
-- refused
SELECT TINYINT '100' + TINYINT '100'

-- cast that does not fit
-- refused
SELECT CAST(300 AS tinyint)

-- cast of a bigint that does not fit
-- refused
SELECT CAST(bytes AS integer) FROM vpc_flow_logs WHERE day = '15' AND bytes IS NOT NULL

-- try_cast of a bigint that does not fit
SELECT bytes, TRY_CAST(bytes AS integer) AS n FROM vpc_flow_logs WHERE day = '15' AND bytes > 1000000000 ORDER BY bytes

-- literals of other bases
-- differs: numbers of other bases
SELECT 0xFF, 0b101, 0o17, 1_000_000

-- a literal too large for bigint
-- refused
SELECT 9223372036854775808

-- the largest literal
SELECT 9223372036854775807, -9223372036854775807

-- int and bigint in arithmetic
SELECT dstport + bytes AS a, dstport * 2 AS b, start - dstport AS c FROM vpc_flow_logs WHERE day = '16' ORDER BY 1, 2, 3

-- bits
SELECT bitwise_and(18, 2), bitwise_or(16, 2), bitwise_xor(19, 1), bitwise_not(0), bitwise_and(tcp_flags, 2) AS syn FROM vpc_flow_logs WHERE day = '15' AND tcp_flags = 18 LIMIT 1

-- shifts
SELECT bitwise_left_shift(1, 4), bitwise_right_shift(256, 4), bitwise_right_shift_arithmetic(-8, 1), bitwise_left_shift(BIGINT '1', 40)

-- counting bits
SELECT bit_count(7, 64), bit_count(255, 32), bit_count(-1, 64)

-- flags
SELECT tcp_flags, bitwise_and(tcp_flags, 1) <> 0 AS fin, bitwise_and(tcp_flags, 2) > 0 AS syn, count(*) FROM vpc_flow_logs WHERE day = '15' GROUP BY 1, 2, 3 ORDER BY 1

-- bits of aggregates
SELECT bitwise_or_agg(tcp_flags), bitwise_and_agg(tcp_flags), bitwise_xor_agg(tcp_flags) FROM vpc_flow_logs WHERE day = '16'

-- bases
SELECT from_base('ff', 16), to_base(255, 16), to_base(5, 2), from_base('777', 8)

-- from_base of what is none
-- refused
SELECT from_base('zz', 16)

-- width_bucket
SELECT width_bucket(bytes, 0, 10000, 5) AS bucket, count(*) FROM vpc_flow_logs WHERE day = '15' AND bytes IS NOT NULL GROUP BY 1 ORDER BY 1

-- width_bucket of bins
SELECT width_bucket(5.3e0, ARRAY[0e0, 2e0, 5e0, 10e0]), width_bucket(-1, ARRAY[0, 1])

-- mathematical functions
SELECT sqrt(16), cbrt(27), power(2, 10), pow(2, 0.5), exp(1), ln(10), log2(8), log10(1000), log(2, 8), pi(), e()

-- trigonometry
SELECT sin(1), cos(1), tan(1), asin(0.5), acos(0.5), atan(1), atan2(1, 2), degrees(pi()), radians(180)

-- sign of an integer
SELECT sign(-7), sign(0), sign(BIGINT '9'), sign(-2.5e0), abs(-7)

-- is_nan and is_finite
SELECT is_nan(nan()), is_finite(infinity()), is_infinite(-infinity()), is_nan(1)

-- sqrt of a negative number
SELECT sqrt(-1), ln(0), ln(-1), power(0, 0)

-- shifts by a bigint
-- refused
SELECT bitwise_right_shift(1, BIGINT '2')

-- shifts of a bigint by a bigint
-- refused
SELECT bitwise_left_shift(start, "end") FROM vpc_flow_logs WHERE day = '16'

-- shifts by an integer
SELECT bitwise_left_shift(start, 2), bitwise_right_shift(dstport, protocol), bitwise_left_shift(1, 32 - 8), bitwise_right_shift_arithmetic(-8, CAST(srcport % 2 AS integer)) FROM vpc_flow_logs WHERE day = '16' AND protocol = 6 ORDER BY 1, 2, 4 LIMIT 3

-- shifts by values
SELECT bitwise_left_shift(1, x) FROM (VALUES 1, 2) AS t(x)

-- least bigint
SELECT -9223372036854775808, -9223372036854775808 + 1

-- shifts of numbers of 32 bits
SELECT bitwise_left_shift(1, 33), bitwise_right_shift(-8, 1), bitwise_left_shift(-1, 31), bitwise_left_shift(BIGINT '1', 33)
