-- A month, listed; days below it are read as folders of it.
-- holds: 111122223333 us-east-1
-- since: 2026-01-01
-- until: 2026-01-31
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
PARTITIONED BY (day string)
ROW FORMAT DELIMITED
  FIELDS TERMINATED BY ' '
LOCATION 's3://logs/AWSLogs/111122223333/vpcflowlogs/us-east-1/'
TBLPROPERTIES (
  'skip.header.line.count' = '1',
  'projection.enabled' = 'true',
  'projection.day.type' = 'enum',
  'projection.day.values' = '2026/01',
  'storage.location.template' = 's3://logs/AWSLogs/111122223333/vpcflowlogs/us-east-1/${day}/'
);
