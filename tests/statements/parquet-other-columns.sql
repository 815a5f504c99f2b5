-- Parquet with columns in another order.
-- holds: 111122223333 *
-- rows: no
CREATE EXTERNAL TABLE IF NOT EXISTS flow.vpc_flow_logs (
  `packets` bigint,
  `bytes` bigint,
  `start` bigint,
  `end` bigint,
  `action` string,
  `log_status` string,
  `version` int,
  `account_id` string,
  `interface_id` string,
  `srcaddr` string
)
PARTITIONED BY (region string, day string)
STORED AS PARQUET
LOCATION 's3://flow-parquet/AWSLogs/111122223333/vpcflowlogs/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.region.type' = 'enum',
  'projection.region.values' = 'us-east-1,eu-west-1',
  'projection.day.type' = 'date',
  'projection.day.format' = 'yyyy/MM/dd',
  'projection.day.range' = '2025/01/01,NOW',
  'projection.day.interval' = '1',
  'projection.day.interval.unit' = 'DAYS',
  'storage.location.template' = 's3://flow-parquet/AWSLogs/111122223333/vpcflowlogs/${region}/${day}/'
);
