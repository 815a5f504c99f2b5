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
FROM read_parquet(
  's3://bucket/flow/year=*/month=*/day=*/*.parquet',
  hive_partitioning = true,
  hive_types = {'year': varchar, 'month': varchar, 'day': varchar},
  union_by_name = true
);
