-- OpenCSVSerde as it is by default.
-- refused: yes
CREATE EXTERNAL TABLE IF NOT EXISTS flow.vpc_flow_logs (
  `version` string,
  `account_id` string,
  `interface_id` string,
  `srcaddr` string,
  `dstaddr` string,
  `srcport` string,
  `dstport` string,
  `protocol` string,
  `packets` string,
  `bytes` string,
  `start` string,
  `end` string,
  `action` string,
  `log_status` string
)
PARTITIONED BY (`year` string, `month` string, `day` string)
ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde'
LOCATION 's3://logs/AWSLogs/111122223333/vpcflowlogs/us-east-1/'
TBLPROPERTIES (
  'skip.header.line.count' = '1'
);
