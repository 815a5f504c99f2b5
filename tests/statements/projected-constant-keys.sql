-- Keys with one constant value each: account, Region, and one of people's own.
-- holds: 444455556666 us-east-1
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
PARTITIONED BY (acct string, aws_region string, stage string, day string)
ROW FORMAT DELIMITED
  FIELDS TERMINATED BY ' '
LOCATION 's3://logs/AWSLogs/'
TBLPROPERTIES (
  'skip.header.line.count' = '1',
  'projection.enabled' = 'true',
  'projection.acct.type' = 'enum',
  'projection.acct.values' = '444455556666',
  'projection.aws_region.type' = 'enum',
  'projection.aws_region.values' = 'us-east-1',
  'projection.stage.type' = 'enum',
  'projection.stage.values' = 'AWSLogs',
  'projection.day.type' = 'date',
  'projection.day.format' = 'yyyy/MM/dd',
  'projection.day.range' = '2025/01/01,NOW',
  'projection.day.interval' = '1',
  'projection.day.interval.unit' = 'DAYS',
  'storage.location.template' = 's3://logs/${stage}/${acct}/vpcflowlogs/${aws_region}/${day}/'
);
