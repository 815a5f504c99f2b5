# note: put the raw logs' s3:// location in place of s3://YOUR-BUCKET/YOUR-LOGS
-- Step 1. Both tables list the years, accounts and Regions that there are now.

ALTER TABLE `vpc_flow_logs_parquet` SET TBLPROPERTIES (
  'projection.enabled' = 'true',
  'projection.year.type' = 'integer',
  'projection.year.range' = '2026,THIS YEAR + 10',
  'projection.year.digits' = '4',
  'projection.month.type' = 'integer',
  'projection.month.range' = '1,12',
  'projection.month.digits' = '2',
  'projection.day.type' = 'integer',
  'projection.day.range' = '1,31',
  'projection.day.digits' = '2'
);

ALTER TABLE `vpc_flow_logs_raw` SET TBLPROPERTIES (
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
  'projection.day.digits' = '2'
);

-- Step 2. The view names the days that are converted now; it replaces the old one at once.

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
