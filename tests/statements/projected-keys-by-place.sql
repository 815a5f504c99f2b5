-- What keys hold follows from where they stand in the template.
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
PARTITIONED BY (own string, place string, y string, m string, d string)
ROW FORMAT DELIMITED
  FIELDS TERMINATED BY ' '
LOCATION 's3://logs/AWSLogs/'
TBLPROPERTIES (
  'skip.header.line.count' = '1',
  'projection.enabled' = 'true',
  'projection.own.type' = 'enum',
  'projection.own.values' = '111122223333,444455556666',
  'projection.place.type' = 'enum',
  'projection.place.values' = 'us-east-1,eu-west-1',
  'projection.y.type' = 'integer',
  'projection.y.range' = '2025,2026',
  'projection.y.digits' = '4',
  'projection.m.type' = 'integer',
  'projection.m.range' = '1,12',
  'projection.m.digits' = '2',
  'projection.d.type' = 'integer',
  'projection.d.range' = '1,31',
  'projection.d.digits' = '2',
  'storage.location.template' = 's3://logs/AWSLogs/${own}/vpcflowlogs/${place}/${y}/${m}/${d}/'
);
