# note: their table holds the account 123456789012, the Region ap-northeast-1: of DEST the new one shows nothing else
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
PARTITIONED BY (`accid` string, `region` string, `year` string, `month` string, `day` string)
STORED AS PARQUET
LOCATION 's3://bucket/flow/'
TBLPROPERTIES (
  'classification' = 'parquet',
  'projection.enabled' = 'true',
  'projection.accid.type' = 'enum',
  'projection.accid.values' = '123456789012',
  'projection.region.type' = 'enum',
  'projection.region.values' = 'ap-northeast-1',
  'projection.year.type' = 'integer',
  'projection.year.range' = '2026,THIS YEAR + 10',
  'projection.year.digits' = '4',
  'projection.month.type' = 'integer',
  'projection.month.range' = '1,12',
  'projection.month.digits' = '2',
  'projection.day.type' = 'integer',
  'projection.day.range' = '1,31',
  'projection.day.digits' = '2',
  'storage.location.template' = 's3://bucket/flow/aws_account_id=${accid}/aws_region=${region}/year=${year}/month=${month}/day=${day}/'
);
