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
  'skip.header.line.count' = '1'
);

ALTER TABLE `logs`.`vpc_flow_logs_raw` ADD IF NOT EXISTS
  PARTITION (`aws_account_id` = '123456789012', `aws_region` = 'ap-northeast-1', `year` = '2026', `month` = '01', `day` = '15', `hour` = '02') LOCATION 's3://bucket/logs/AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=ap-northeast-1/year=2026/month=01/day=15/hour=02/'
  PARTITION (`aws_account_id` = '444455556666', `aws_region` = 'eu-west-1', `year` = '2026', `month` = '01', `day` = '15', `hour` = '02') LOCATION 's3://bucket/logs/AWSLogs/aws-account-id=444455556666/aws-service=vpcflowlogs/aws-region=eu-west-1/year=2026/month=01/day=15/hour=02/';
