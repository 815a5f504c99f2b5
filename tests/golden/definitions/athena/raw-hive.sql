CREATE EXTERNAL TABLE IF NOT EXISTS `logs`.`vpc_flow_logs_raw` (
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
PARTITIONED BY (`aws_account_id` string, `aws_region` string, `year` string, `month` string, `day` string, `hour` string)
ROW FORMAT DELIMITED FIELDS TERMINATED BY ' '
STORED AS TEXTFILE
LOCATION 's3://bucket/logs/'
TBLPROPERTIES (
  'skip.header.line.count' = '1',
  'projection.enabled' = 'true',
  'projection.aws_account_id.type' = 'enum',
  'projection.aws_account_id.values' = '123456789012,444455556666',
  'projection.aws_region.type' = 'enum',
  'projection.aws_region.values' = 'ap-northeast-1,eu-west-1',
  'projection.year.type' = 'integer',
  'projection.year.range' = '2026,THIS YEAR + 10',
  'projection.year.digits' = '4',
  'projection.month.type' = 'integer',
  'projection.month.range' = '1,12',
  'projection.month.digits' = '2',
  'projection.day.type' = 'integer',
  'projection.day.range' = '1,31',
  'projection.day.digits' = '2',
  'projection.hour.type' = 'integer',
  'projection.hour.range' = '0,23',
  'projection.hour.digits' = '2',
  'storage.location.template' = 's3://bucket/logs/AWSLogs/aws-account-id=${aws_account_id}/aws-service=vpcflowlogs/aws-region=${aws_region}/year=${year}/month=${month}/day=${day}/hour=${hour}/'
);
