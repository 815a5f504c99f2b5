-- Account, Region and day, all added by hand.
-- holds: * *
-- partition: '{account}', '{region}', '{y}/{m}/{d}'
-- options: --key day=yyyy/MM/dd
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
PARTITIONED BY (accid string, region string, day string)
ROW FORMAT DELIMITED
  FIELDS TERMINATED BY ' '
LOCATION 's3://logs/AWSLogs/'
TBLPROPERTIES (
  'skip.header.line.count' = '1'
);
