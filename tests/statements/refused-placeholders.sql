-- Placeholders, with several accounts in DEST.
-- refused: yes
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
PARTITIONED BY (`date` date)
ROW FORMAT DELIMITED
  FIELDS TERMINATED BY ' '
LOCATION 's3://logs/AWSLogs/{account_id}/vpcflowlogs/{region_code}/'
TBLPROPERTIES (
  'skip.header.line.count' = '1'
);
