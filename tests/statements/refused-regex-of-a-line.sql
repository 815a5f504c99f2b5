-- A regular expression that is no group for each field.
-- refused: yes
CREATE EXTERNAL TABLE IF NOT EXISTS flow.vpc_flow_logs (
  `line` string
)
PARTITIONED BY (`year` string, `month` string, `day` string)
ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.RegexSerDe'
WITH SERDEPROPERTIES (
  "input.regex" = "^(.*)$, (.*)"
)
LOCATION 's3://logs/AWSLogs/111122223333/vpcflowlogs/us-east-1/'
TBLPROPERTIES (
  'skip.header.line.count' = '1'
);
