-- Names that differ in `_` and case.
-- holds: 111122223333 us-east-1
CREATE EXTERNAL TABLE IF NOT EXISTS flow.vpc_flow_logs (
  version int, accountid string, interfaceid string, src_addr string, dst_addr string, srcPort int, dstPort int, protocol int, packets bigint, bytes bigint, start_time bigint, end_time bigint, Action string, logStatus string
)
ROW FORMAT DELIMITED
  FIELDS TERMINATED BY ' '
LOCATION 's3://logs/AWSLogs/111122223333/vpcflowlogs/us-east-1/'
TBLPROPERTIES (
  'skip.header.line.count' = '1'
);
