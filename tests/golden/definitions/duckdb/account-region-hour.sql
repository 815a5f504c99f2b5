CREATE SCHEMA IF NOT EXISTS "logs";

CREATE OR REPLACE VIEW "logs"."vpc_flow_logs" AS
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
  "aws_account_id",
  "aws_region",
  "year",
  "month",
  "day",
  "hour"
FROM read_parquet(
  's3://bucket/flow/aws_account_id=*/aws_region=*/year=*/month=*/day=*/hour=*/*.parquet',
  hive_partitioning = true,
  hive_types = {'aws_account_id': varchar, 'aws_region': varchar, 'year': varchar, 'month': varchar, 'day': varchar, 'hour': varchar},
  union_by_name = true
);
