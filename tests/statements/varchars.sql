-- Text with lengths.
-- holds: 111122223333 us-east-1
-- partition: '{y}', '{m}', '{d}'
-- types: no
CREATE EXTERNAL TABLE IF NOT EXISTS flow.vpc_flow_logs (
  `version` int,
  `account_id` varchar(12),
  `interface_id` varchar(30),
  `srcaddr` varchar(45),
  `dstaddr` varchar(45),
  `srcport` int,
  `dstport` int,
  `protocol` int,
  `packets` bigint,
  `bytes` bigint,
  `start` bigint,
  `end` bigint,
  `action` varchar(6),
  `log_status` varchar(10)
)
PARTITIONED BY (`year` string, `month` string, `day` string)
ROW FORMAT DELIMITED
  FIELDS TERMINATED BY ' '
LOCATION 's3://logs/AWSLogs/111122223333/vpcflowlogs/us-east-1/'
TBLPROPERTIES (
  'skip.header.line.count' = '1'
);
