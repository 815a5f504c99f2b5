# note: their table holds the account 123456789012, the Region ap-northeast-1, days from 2026-01-01: of DEST the new one shows nothing else
# note: vpc_flow_logs_parquet is a view over vpc_flow_logs_parquet_files: SELECTs see what they saw, but SHOW PARTITIONS, MSCK and ALTER TABLE need the table, and Spark and Redshift Spectrum cannot read a view of Athena
CREATE EXTERNAL TABLE IF NOT EXISTS `vpc_flow_logs_parquet_files` (
  `version`      int,
  `account_id`   string,
  `interface_id` string,
  `srcaddr`      string,
  `dstaddr`      string,
  `srcport`      int,
  `dstport`      int,
  `protocol`     int,
  `packets`      bigint,
  `bytes`        bigint,
  `start`        bigint,
  `end`          bigint,
  `action`       string,
  `log_status`   string
)
PARTITIONED BY (`aws_account_id` string, `aws_region` string, `year` string, `month` string, `day` string)
STORED AS PARQUET
LOCATION 's3://bucket/flow/'
TBLPROPERTIES (
  'classification' = 'parquet',
  'projection.enabled' = 'true',
  'projection.aws_account_id.type' = 'enum',
  'projection.aws_account_id.values' = '123456789012',
  'projection.aws_region.type' = 'enum',
  'projection.aws_region.values' = 'ap-northeast-1',
  'projection.year.type' = 'integer',
  'projection.year.range' = '2026,THIS YEAR + 10',
  'projection.year.digits' = '4',
  'projection.month.type' = 'integer',
  'projection.month.range' = '1,12',
  'projection.month.digits' = '2',
  'projection.day.type' = 'integer',
  'projection.day.range' = '1,31',
  'projection.day.digits' = '2',
  'storage.location.template' = 's3://bucket/flow/aws_account_id=${aws_account_id}/aws_region=${aws_region}/year=${year}/month=${month}/day=${day}/'
);

CREATE OR REPLACE VIEW "vpc_flow_logs_parquet" AS
SELECT
  "version",
  "account_id",
  "interface_id",
  "srcaddr",
  "dstaddr",
  "srcport",
  "dstport",
  "protocol",
  "packets",
  "bytes",
  "start",
  "end",
  "action",
  "log_status",
  "aws_account_id" AS "accid",
  "aws_region" AS "region",
  concat("year", '/', "month", '/', "day") AS "day"
FROM "vpc_flow_logs_parquet_files";
