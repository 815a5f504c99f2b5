# note: put the raw logs' s3:// location in place of s3://YOUR-BUCKET/YOUR-LOGS
# note: their raw table shows the header line of every object as a row (its version is NULL); the Parquet table has none: count(*) and GROUP BY action are smaller by these rows, all else is equal
-- Step 1. The Parquet table, under a new name. No query sees it yet. If there is a table or view of that name, drop that first.

CREATE EXTERNAL TABLE `flow`.`logs_parquet` (
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

CREATE EXTERNAL TABLE `flow`.`logs_raw` (
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
  "date"
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
  CAST("protocol" AS bigint) AS "protocol",
  "packets",
  "bytes",
  "start",
  "end",
  "action",
  "log_status",
  TRY_CAST(concat("year", '-', "month", '-', "day") AS date) AS "date"
FROM "flow"."logs_parquet"
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
  CAST("protocol" AS bigint) AS "protocol",
  "packets",
  "bytes",
  "start",
  "end",
  "action",
  "log_status",
  TRY_CAST(concat("year", '-', "month", '-', "day") AS date) AS "date"
FROM "flow"."logs_raw"
WHERE concat("year", "month", "day") BETWEEN '20260113' AND '20260113'
) AS both_tables
GROUP BY 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
HAVING sum(side) <> 0
LIMIT 100;

-- Step 4. Take the old definition away; no object is touched. From here to the next statement queries fail.

DROP TABLE `flow`.`logs`;

-- Step 5. The old name again: converted days from Parquet, all others from the raw logs, no row from both. When more days are converted: --cutover=view prints what is to be run then.

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
  TRY_CAST(concat("year", '-', "month", '-', "day") AS date) AS "date"
FROM "flow"."logs_parquet"
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
  CAST("protocol" AS bigint) AS "protocol",
  "packets",
  "bytes",
  "start",
  "end",
  "action",
  "log_status",
  TRY_CAST(concat("year", '-', "month", '-', "day") AS date) AS "date"
FROM "flow"."logs_raw"
WHERE (concat("year", "month", "day") < '20260110')
   OR (concat("year", "month", "day") > '20260111' AND concat("year", "month", "day") < '20260113')
   OR (concat("year", "month", "day") > '20260113');

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
