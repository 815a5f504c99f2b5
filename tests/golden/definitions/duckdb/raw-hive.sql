CREATE SCHEMA IF NOT EXISTS "logs";

CREATE OR REPLACE VIEW "logs"."vpc_flow_logs_raw" AS
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
  "log_status",
  split_part(filename, '/', -8)[16:] AS "aws_account_id",
  split_part(filename, '/', -6)[12:] AS "aws_region",
  split_part(filename, '/', -5)[6:] AS "year",
  split_part(filename, '/', -4)[7:] AS "month",
  split_part(filename, '/', -3)[5:] AS "day",
  split_part(filename, '/', -2)[6:] AS "hour"
FROM read_csv(
  's3://bucket/logs/AWSLogs/aws-account-id=*/aws-service=vpcflowlogs/aws-region=*/year=[0-9][0-9][0-9][0-9]/month=[0-9][0-9]/day=[0-9][0-9]/hour=[0-9][0-9]/[!._]*',
  columns = {'version': 'varchar', 'account_id': 'varchar', 'interface_id': 'varchar', 'srcaddr': 'varchar', 'dstaddr': 'varchar', 'srcport': 'varchar', 'dstport': 'varchar', 'protocol': 'varchar', 'packets': 'varchar', 'bytes': 'varchar', 'start': 'varchar', 'end': 'varchar', 'action': 'varchar', 'log_status': 'varchar'},
  auto_detect = false, header = false, skip = 1, delim = ' ', quote = '', escape = '', comment = '',
  null_padding = true, strict_mode = false, filename = true
)
WHERE split_part(filename, '/', -8)[16:] IN ('123456789012', '444455556666')
  AND split_part(filename, '/', -6)[12:] IN ('ap-northeast-1', 'eu-west-1');
