-- LOCATION and template without a slash at the end, as AWS's page has them.
-- holds: 111122223333 us-east-1
-- spark: no
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
PARTITIONED BY (`dt` string)
ROW FORMAT DELIMITED
  FIELDS TERMINATED BY ' '
LOCATION 's3://logs/AWSLogs/111122223333/vpcflowlogs/us-east-1'
TBLPROPERTIES (
  'skip.header.line.count' = '1',
  'projection.enabled' = 'true',
  'projection.dt.type' = 'date',
  'projection.dt.format' = 'yyyy/MM/dd',
  'projection.dt.range' = '2025/01/01,NOW',
  'projection.dt.interval' = '1',
  'projection.dt.interval.unit' = 'DAYS',
  'storage.location.template' = 's3://logs/AWSLogs/111122223333/vpcflowlogs/us-east-1/${dt}'
);
