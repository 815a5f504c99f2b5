# note: their table shows whoever's logs lie below s3://b/prefix/AWSLogs/, and DEST has those of 123456789012 ap-northeast-1, 444455556666 eu-west-1: --source says whether that is all
CREATE EXTERNAL TABLE IF NOT EXISTS `flows` (
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
PARTITIONED BY (`aws-account-id` string, `aws-service` string, `aws-region` string, `year` string, `month` string, `day` string)
STORED AS PARQUET
LOCATION 's3://bucket/flow/'
TBLPROPERTIES (
  'classification' = 'parquet'
);

ALTER TABLE `flows` ADD IF NOT EXISTS
  PARTITION (`aws-account-id` = '123456789012', `aws-service` = 'vpcflowlogs', `aws-region` = 'ap-northeast-1', `year` = '2026', `month` = '01', `day` = '15') LOCATION 's3://bucket/flow/aws_account_id=123456789012/aws_region=ap-northeast-1/year=2026/month=01/day=15/'
  PARTITION (`aws-account-id` = '444455556666', `aws-service` = 'vpcflowlogs', `aws-region` = 'eu-west-1', `year` = '2026', `month` = '01', `day` = '15') LOCATION 's3://bucket/flow/aws_account_id=444455556666/aws_region=eu-west-1/year=2026/month=01/day=15/';
