-- AWS's names of years ago.
-- holds: 111122223333 us-east-1
-- partition: '{y}-{m}-{d}'
-- options: --key dt=yyyy-MM-dd
CREATE EXTERNAL TABLE IF NOT EXISTS flow.vpc_flow_logs (
  version int, account string, interfaceid string, sourceaddress string, destinationaddress string, sourceport int, destinationport int, protocol int, numpackets int, numbytes bigint, starttime int, endtime int, action string, logstatus string
)
PARTITIONED BY (dt string)
ROW FORMAT DELIMITED
  FIELDS TERMINATED BY ' '
LOCATION 's3://logs/AWSLogs/111122223333/vpcflowlogs/us-east-1/'
TBLPROPERTIES (
  'skip.header.line.count' = '1'
);
