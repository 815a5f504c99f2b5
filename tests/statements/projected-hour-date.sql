-- One key down to the hour.
-- logs: hourly
-- dest: account-region-hour
-- holds: 111122223333 us-east-1
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
PARTITIONED BY (`datehour` string)
ROW FORMAT DELIMITED
  FIELDS TERMINATED BY ' '
LOCATION 's3://logs/AWSLogs/111122223333/vpcflowlogs/us-east-1/'
TBLPROPERTIES (
  'skip.header.line.count' = '1',
  'projection.enabled' = 'true',
  'projection.datehour.type' = 'date',
  'projection.datehour.format' = 'yyyy/MM/dd/HH',
  'projection.datehour.range' = '2025/12/31/00,NOW',
  'projection.datehour.interval' = '1',
  'projection.datehour.interval.unit' = 'HOURS',
  'storage.location.template' = 's3://logs/AWSLogs/111122223333/vpcflowlogs/us-east-1/${datehour}/'
);
