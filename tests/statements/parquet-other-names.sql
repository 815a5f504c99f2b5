-- Parquet, with names that its files do not have.
-- holds: 111122223333 us-east-1
-- rows: no
CREATE EXTERNAL TABLE IF NOT EXISTS flow.vpc_flow_logs (
  version int, account string, interfaceid string, sourceaddress string, destinationaddress string, sourceport int, destinationport int, protocol int, numpackets int, numbytes bigint, starttime int, endtime int, action string, logstatus string
)
PARTITIONED BY (day string)
STORED AS PARQUET
LOCATION 's3://logs/AWSLogs/111122223333/vpcflowlogs/us-east-1/'
TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.day.type' = 'date',
  'projection.day.format' = 'yyyy/MM/dd',
  'projection.day.range' = '2025/01/01,NOW',
  'projection.day.interval' = '1',
  'projection.day.interval.unit' = 'DAYS',
  'storage.location.template' = 's3://logs/AWSLogs/111122223333/vpcflowlogs/us-east-1/${day}/'
);
