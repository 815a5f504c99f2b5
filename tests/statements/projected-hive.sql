-- Hive-compatible folders without a template.
-- logs: hive
-- holds: * *
CREATE EXTERNAL TABLE IF NOT EXISTS flow.vpc_flow_logs (
  `version` int,
  `account_id` string,
  `interface_id` string,
  `srcaddr` string,
  `dstaddr` string,
  `srcport` int,
  `dstport` int,
  `protocol` int,
  `packets` bigint,
  `bytes` bigint,
  `start` bigint,
  `end` bigint,
  `action` string,
  `log_status` string
)
PARTITIONED BY (`aws-account-id` string, `aws-service` string, `aws-region` string, `year` string, `month` string, `day` string)
ROW FORMAT DELIMITED
  FIELDS TERMINATED BY ' '
LOCATION 's3://logs/AWSLogs/'
TBLPROPERTIES (
  'skip.header.line.count' = '1',
  'projection.enabled' = 'true',
  'projection.aws-account-id.type' = 'enum',
  'projection.aws-account-id.values' = '111122223333,444455556666',
  'projection.aws-service.type' = 'enum',
  'projection.aws-service.values' = 'vpcflowlogs',
  'projection.aws-region.type' = 'enum',
  'projection.aws-region.values' = 'us-east-1,eu-west-1',
  'projection.year.type' = 'integer',
  'projection.year.range' = '2025,2026',
  'projection.year.digits' = '4',
  'projection.month.type' = 'integer',
  'projection.month.range' = '1,12',
  'projection.month.digits' = '2',
  'projection.day.type' = 'integer',
  'projection.day.range' = '1,31',
  'projection.day.digits' = '2'
);
