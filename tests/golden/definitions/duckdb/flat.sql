CREATE OR REPLACE VIEW "vpc_flow_logs_raw" AS
SELECT
  TRY_CAST(nullif("version", '-') AS integer) AS "version",
  "account_id",
  "interface_id",
  "srcaddr",
  "dstaddr",
  TRY_CAST(nullif("srcport", '-') AS integer) AS "srcport",
  TRY_CAST(nullif("dstport", '-') AS integer) AS "dstport",
  TRY_CAST(nullif("protocol", '-') AS integer) AS "protocol",
  TRY_CAST(nullif("packets", '-') AS bigint) AS "packets",
  TRY_CAST(nullif("bytes", '-') AS bigint) AS "bytes",
  TRY_CAST(nullif("start", '-') AS bigint) AS "start",
  TRY_CAST(nullif("end", '-') AS bigint) AS "end",
  "action",
  "log_status"
FROM read_csv(
  '/WORK/flat/[!._]*',
  columns = {'version': 'varchar', 'account_id': 'varchar', 'interface_id': 'varchar', 'srcaddr': 'varchar', 'dstaddr': 'varchar', 'srcport': 'varchar', 'dstport': 'varchar', 'protocol': 'varchar', 'packets': 'varchar', 'bytes': 'varchar', 'start': 'varchar', 'end': 'varchar', 'action': 'varchar', 'log_status': 'varchar'},
  auto_detect = false, header = false, skip = 1, delim = ' ', quote = '', escape = '', comment = '',
  null_padding = true, strict_mode = false, filename = true
);
