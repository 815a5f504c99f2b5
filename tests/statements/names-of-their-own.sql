-- Names of people's own: columns are found by position.
-- holds: 111122223333 us-east-1
-- partition: '{y}', '{m}', '{d}'
-- options: --source
CREATE EXTERNAL TABLE IF NOT EXISTS flow.vpc_flow_logs (
  v int, a string, b string, c string, d string, e int, f int, g int, h bigint, i bigint, j bigint, k bigint, l string, m string
)
PARTITIONED BY (year string, month string, day string)
ROW FORMAT DELIMITED
  FIELDS TERMINATED BY ' '
LOCATION 's3://logs/AWSLogs/111122223333/vpcflowlogs/us-east-1/'
TBLPROPERTIES (
  'skip.header.line.count' = '1'
);
