# note: put the raw logs' s3:// location in place of s3://YOUR-BUCKET/YOUR-LOGS
-- Step 1. The Parquet table, under a new name. No query sees it yet. If there is a table or view of that name, drop that first.

CREATE EXTERNAL TABLE `vpc_flow_logs_parquet` (
  `version`      int,
  `account_id`   string,
  `interface_id` string,
  `srcaddr`      string,
  `dstaddr`      string,
  `srcport`      int,
  `dstport`      int,
  `protocol`     int,
  `packets`      bigint,
  `bytes`        bigint,
  `start`        bigint,
  `end`          bigint,
  `action`       string,
  `log_status`   string
)
PARTITIONED BY (`year` string, `month` string, `day` string)
STORED AS PARQUET
LOCATION 's3://bucket/flow/'
TBLPROPERTIES (
  'classification' = 'parquet',
  'projection.enabled' = 'true',
  'projection.year.type' = 'integer',
  'projection.year.range' = '2026,THIS YEAR + 10',
  'projection.year.digits' = '4',
  'projection.month.type' = 'integer',
  'projection.month.range' = '1,12',
  'projection.month.digits' = '2',
  'projection.day.type' = 'integer',
  'projection.day.range' = '1,31',
  'projection.day.digits' = '2',
  'storage.location.template' = 's3://bucket/flow/year=${year}/month=${month}/day=${day}/'
);

-- Step 2. The raw logs, under a new name. No query sees it yet. If there is a table or view of that name, drop that first.

CREATE EXTERNAL TABLE `vpc_flow_logs_raw` (
  `version`      int,
  `account_id`   string,
  `interface_id` string,
  `srcaddr`      string,
  `dstaddr`      string,
  `srcport`      int,
  `dstport`      int,
  `protocol`     int,
  `packets`      bigint,
  `bytes`        bigint,
  `start`        bigint,
  `end`          bigint,
  `action`       string,
  `log_status`   string
)
PARTITIONED BY (`aws_account_id` string, `aws_region` string, `year` string, `month` string, `day` string)
ROW FORMAT DELIMITED FIELDS TERMINATED BY ' '
STORED AS TEXTFILE
LOCATION 's3://YOUR-BUCKET/YOUR-LOGS/'
TBLPROPERTIES (
  'skip.header.line.count' = '1',
  'projection.enabled' = 'true',
  'projection.aws_account_id.type' = 'enum',
  'projection.aws_account_id.values' = '123456789012',
  'projection.aws_region.type' = 'enum',
  'projection.aws_region.values' = 'ap-northeast-1',
  'projection.year.type' = 'integer',
  'projection.year.range' = '2026,THIS YEAR + 10',
  'projection.year.digits' = '4',
  'projection.month.type' = 'integer',
  'projection.month.range' = '1,12',
  'projection.month.digits' = '2',
  'projection.day.type' = 'integer',
  'projection.day.range' = '1,31',
  'projection.day.digits' = '2',
  'storage.location.template' = 's3://YOUR-BUCKET/YOUR-LOGS/AWSLogs/${aws_account_id}/vpcflowlogs/${aws_region}/${year}/${month}/${day}/'
);

-- Step 3. Check: 2026-01-13 must be the same in both. Expected: no row. Stop here if there is one.

SELECT
  sum(side) AS more_in_parquet,
  "version",
  "account_id",
  "interface_id",
  "srcaddr",
  "dstaddr",
  "srcport",
  "dstport",
  "protocol",
  "packets",
  "bytes",
  "start",
  "end",
  "action",
  "log_status",
  "year",
  "month",
  "day"
FROM (
SELECT
  1 AS side,
  "version",
  "account_id",
  "interface_id",
  "srcaddr",
  "dstaddr",
  "srcport",
  "dstport",
  "protocol",
  "packets",
  "bytes",
  "start",
  "end",
  "action",
  "log_status",
  "year",
  "month",
  "day"
FROM "vpc_flow_logs_parquet"
WHERE concat("year", "month", "day") BETWEEN '20260113' AND '20260113'
UNION ALL
SELECT
  -1 AS side,
  "version",
  "account_id",
  "interface_id",
  "srcaddr",
  "dstaddr",
  "srcport",
  "dstport",
  "protocol",
  "packets",
  "bytes",
  "start",
  "end",
  "action",
  "log_status",
  "year",
  "month",
  "day"
FROM "vpc_flow_logs_raw"
WHERE concat("year", "month", "day") BETWEEN '20260113' AND '20260113'
) AS both_tables
GROUP BY 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18
HAVING sum(side) <> 0
LIMIT 100;

-- Step 4. Take the old definition away; no object is touched. From here to the next statement queries fail.

DROP TABLE `vpc_flow_logs`;

-- Step 5. The old name again: converted days from Parquet, all others from the raw logs, no row from both. When more days are converted: --cutover=view prints what is to be run then.

CREATE OR REPLACE VIEW "vpc_flow_logs" AS
SELECT
  "version",
  "account_id",
  "interface_id",
  "srcaddr",
  "dstaddr",
  "srcport",
  "dstport",
  "protocol",
  "packets",
  "bytes",
  "start",
  "end",
  "action",
  "log_status",
  "year",
  "month",
  "day"
FROM "vpc_flow_logs_parquet"
WHERE (concat("year", "month", "day") BETWEEN '20260110' AND '20260111')
   OR (concat("year", "month", "day") BETWEEN '20260113' AND '20260113')
UNION ALL
SELECT
  "version",
  "account_id",
  "interface_id",
  "srcaddr",
  "dstaddr",
  "srcport",
  "dstport",
  "protocol",
  "packets",
  "bytes",
  "start",
  "end",
  "action",
  "log_status",
  "year",
  "month",
  "day"
FROM "vpc_flow_logs_raw"
WHERE (concat("year", "month", "day") < '20260110')
   OR (concat("year", "month", "day") > '20260111' AND concat("year", "month", "day") < '20260113')
   OR (concat("year", "month", "day") > '20260113');

-- The way back, at any time: the table as it was.

-- DROP VIEW "vpc_flow_logs";

-- CREATE EXTERNAL TABLE IF NOT EXISTS `vpc_flow_logs` (
--   `version`      int COMMENT 'highest field version among the fields of the flow log',
--   `account_id`   string COMMENT 'owner of the source network interface, `unknown` for some AWS-created interfaces',
--   `interface_id` string COMMENT 'network interface (ENI) that recorded the flow, `-` for regional NAT gateways',
--   `srcaddr`      string COMMENT 'source IPv4 or IPv6 address, at the interface its own private address',
--   `dstaddr`      string COMMENT 'destination IPv4 or IPv6 address, at the interface its own private address',
--   `srcport`      int COMMENT 'source port, 0 for ICMP',
--   `dstport`      int COMMENT 'destination port, 0 for ICMP',
--   `protocol`     int COMMENT 'IANA protocol number: 6 TCP, 17 UDP, 1 ICMP',
--   `packets`      bigint COMMENT 'packets transferred in the aggregation interval',
--   `bytes`        bigint COMMENT 'bytes transferred in the aggregation interval, `-` for Block Public Access rejects',
--   `start`        bigint COMMENT 'Unix seconds (UTC) of the first packet in the aggregation interval',
--   `end`          bigint COMMENT 'Unix seconds (UTC) of the last packet in the aggregation interval',
--   `action`       string COMMENT 'ACCEPT or REJECT',
--   `log_status`   string COMMENT 'OK, NODATA (no traffic in the interval) or SKIPDATA (AWS lost records)'
-- )
-- PARTITIONED BY (`year` string, `month` string, `day` string)
-- ROW FORMAT DELIMITED FIELDS TERMINATED BY ' '
-- STORED AS TEXTFILE
-- LOCATION 's3://YOUR-BUCKET/YOUR-LOGS/AWSLogs/123456789012/vpcflowlogs/ap-northeast-1/'
-- TBLPROPERTIES (
--   'skip.header.line.count' = '1',
--   'projection.enabled' = 'true',
--   'projection.year.type' = 'integer',
--   'projection.year.range' = '2026,THIS YEAR + 10',
--   'projection.year.digits' = '4',
--   'projection.month.type' = 'integer',
--   'projection.month.range' = '1,12',
--   'projection.month.digits' = '2',
--   'projection.day.type' = 'integer',
--   'projection.day.range' = '1,31',
--   'projection.day.digits' = '2',
--   'storage.location.template' = 's3://YOUR-BUCKET/YOUR-LOGS/AWSLogs/123456789012/vpcflowlogs/ap-northeast-1/${year}/${month}/${day}/'
-- );
