CREATE EXTERNAL TABLE IF NOT EXISTS `vpc_flow_logs_raw` (
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
PARTITIONED BY (`year` string, `month` string, `day` string)
ROW FORMAT DELIMITED FIELDS TERMINATED BY ' '
STORED AS TEXTFILE
LOCATION 's3://bucket/logs/AWSLogs/123456789012/vpcflowlogs/ap-northeast-1/'
TBLPROPERTIES (
  'skip.header.line.count' = '1'
);

ALTER TABLE `vpc_flow_logs_raw` ADD IF NOT EXISTS
  PARTITION (`year` = '2026', `month` = '01', `day` = '15') LOCATION 's3://bucket/logs/AWSLogs/123456789012/vpcflowlogs/ap-northeast-1/2026/01/15/';
