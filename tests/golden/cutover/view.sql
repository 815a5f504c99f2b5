-- The old name again: converted days from Parquet, all others from the raw logs, no row from both. When more days are converted: --cutover=view prints this statement alone, and it replaces the view at once.

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
