# note: their table holds the account 123456789012, the Region ap-northeast-1, days from 2026-01-01: of DEST the new one shows nothing else
# note: their table shows new days by itself, this one does not: print it again after each conversion with --since DAY, which registers them
CREATE EXTERNAL TABLE IF NOT EXISTS `vpc_flow_logs_parquet` (
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
PARTITIONED BY (`accid` string, `region` string, `day` string)
STORED AS PARQUET
LOCATION 's3://bucket/flow/'
TBLPROPERTIES (
  'classification' = 'parquet'
);

ALTER TABLE `vpc_flow_logs_parquet` ADD IF NOT EXISTS
  PARTITION (`accid` = '123456789012', `region` = 'ap-northeast-1', `day` = '2026/01/15') LOCATION 's3://bucket/flow/aws_account_id=123456789012/aws_region=ap-northeast-1/year=2026/month=01/day=15/';
