# note: put the raw logs' s3:// location in place of s3://YOUR-BUCKET/YOUR-LOGS
# note: their raw table shows the header line of every object as a row (its version is NULL); the Parquet table has none: count(*) and GROUP BY action are smaller by these rows, all else is equal
# note: flow.logs is a view over flow.logs_files: SELECTs see what they saw, but SHOW PARTITIONS, MSCK and ALTER TABLE need the table, and Spark and Redshift Spectrum cannot read a view of Athena
-- Step 1. The Parquet table, under a new name. No query sees it yet.

CREATE EXTERNAL TABLE `flow`.`logs_files` (
  `version`      int COMMENT 'highest field version among the fields of the flow log',
  `account_id`   string COMMENT 'owner of the source network interface, `unknown` for some AWS-created interfaces',
  `interface_id` string COMMENT 'network interface (ENI) that recorded the flow, `-` for regional NAT gateways',
  `srcaddr`      string COMMENT 'source IPv4 or IPv6 address, at the interface its own private address',
  `dstaddr`      string COMMENT 'destination IPv4 or IPv6 address, at the interface its own private address',
  `srcport`      int COMMENT 'source port, 0 for ICMP',
  `dstport`      int COMMENT 'destination port, 0 for ICMP',
  `protocol`     int COMMENT 'IANA protocol number: 6 TCP, 17 UDP, 1 ICMP',
  `packets`      bigint COMMENT 'packets transferred in the aggregation interval',
  `bytes`        bigint COMMENT 'bytes transferred in the aggregation interval, `-` for Block Public Access rejects',
  `start`        bigint COMMENT 'Unix seconds (UTC) of the first packet in the aggregation interval',
  `end`          bigint COMMENT 'Unix seconds (UTC) of the last packet in the aggregation interval',
  `action`       string COMMENT 'ACCEPT or REJECT',
  `log_status`   string COMMENT 'OK, NODATA (no traffic in the interval) or SKIPDATA (AWS lost records)'
)
PARTITIONED BY (`date` date)
STORED AS PARQUET
LOCATION 's3://bucket/flow/'
TBLPROPERTIES (
  'classification' = 'parquet'
);

ALTER TABLE `flow`.`logs_files` ADD IF NOT EXISTS
  PARTITION (`date` = '2026-01-10') LOCATION 's3://bucket/flow/year=2026/month=01/day=10/'
  PARTITION (`date` = '2026-01-11') LOCATION 's3://bucket/flow/year=2026/month=01/day=11/'
  PARTITION (`date` = '2026-01-13') LOCATION 's3://bucket/flow/year=2026/month=01/day=13/'
  PARTITION (`date` = '2026-01-14') LOCATION 's3://bucket/flow/year=2026/month=01/day=14/'

-- Step 2. Take the old definition away; no object is touched. From here to the next statement queries fail.

DROP TABLE `flow`.`logs`;

-- Step 3. The old name again, over Parquet alone: days that are not converted yet are not in it.

CREATE OR REPLACE VIEW "flow"."logs" AS
SELECT
  "version",
  "account_id",
  "interface_id",
  "srcaddr",
  "dstaddr",
  "srcport",
  "dstport",
  CAST("protocol" AS bigint) AS "protocol",
  "packets",
  "bytes",
  "start",
  "end",
  "action",
  "log_status",
  "date"
FROM "flow"."logs_files";

-- The way back, at any time: the table as it was.

-- DROP VIEW "flow"."logs";

-- CREATE EXTERNAL TABLE flow.logs (`version` int, `account_id` string, `interface_id` string, `srcaddr` string, `dstaddr` string, `srcport` int, `dstport` int, `protocol` bigint, `packets` bigint, `bytes` bigint, `start` bigint, `end` bigint, `action` string, `log_status` string)
-- PARTITIONED BY (`date` date)
-- ROW FORMAT DELIMITED FIELDS TERMINATED BY ' '
-- LOCATION 's3://b/';

-- ALTER TABLE `flow`.`logs` ADD IF NOT EXISTS
--   PARTITION (`date` = '2026-01-10') LOCATION 's3://YOUR-BUCKET/YOUR-LOGS/AWSLogs/123456789012/vpcflowlogs/ap-northeast-1/2026/01/10/'
--   PARTITION (`date` = '2026-01-11') LOCATION 's3://YOUR-BUCKET/YOUR-LOGS/AWSLogs/123456789012/vpcflowlogs/ap-northeast-1/2026/01/11/'
--   PARTITION (`date` = '2026-01-12') LOCATION 's3://YOUR-BUCKET/YOUR-LOGS/AWSLogs/123456789012/vpcflowlogs/ap-northeast-1/2026/01/12/'
--   PARTITION (`date` = '2026-01-13') LOCATION 's3://YOUR-BUCKET/YOUR-LOGS/AWSLogs/123456789012/vpcflowlogs/ap-northeast-1/2026/01/13/'
--   PARTITION (`date` = '2026-01-14') LOCATION 's3://YOUR-BUCKET/YOUR-LOGS/AWSLogs/123456789012/vpcflowlogs/ap-northeast-1/2026/01/14/'
