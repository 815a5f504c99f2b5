CREATE TABLE IF NOT EXISTS `logs`.`vpc_flow_logs` (
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
USING PARQUET
PARTITIONED BY (`aws_account_id` string, `aws_region` string, `year` string, `month` string, `day` string, `hour` string)
LOCATION 's3://bucket/flow/';

MSCK REPAIR TABLE `logs`.`vpc_flow_logs`;
