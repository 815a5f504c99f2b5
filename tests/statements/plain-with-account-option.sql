-- No keys, and a person says whose logs are wanted: what is printed is of these.
-- holds: * *
-- options: --account 444455556666
-- rows: no
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
ROW FORMAT DELIMITED
  FIELDS TERMINATED BY ' '
LOCATION 's3://logs/AWSLogs/'
TBLPROPERTIES (
  'skip.header.line.count' = '1'
);
