CREATE TABLE IF NOT EXISTS "logs"."vpc_flow_logs" (
  "version"      integer,
  "account_id"   varchar,
  "interface_id" varchar,
  "srcaddr"      varchar,
  "dstaddr"      varchar,
  "srcport"      integer,
  "dstport"      integer,
  "protocol"     integer,
  "packets"      bigint,
  "bytes"        bigint,
  "start"        bigint,
  "end"          bigint,
  "action"       varchar,
  "log_status"   varchar,
  "aws_account_id" varchar,
  "aws_region" varchar,
  "year" varchar,
  "month" varchar,
  "day" varchar,
  "hour" varchar
)
WITH (
  external_location = 's3://bucket/flow/',
  format = 'PARQUET',
  partitioned_by = ARRAY['aws_account_id', 'aws_region', 'year', 'month', 'day', 'hour']
);

CALL system.sync_partition_metadata(schema_name => 'logs', table_name => 'vpc_flow_logs', mode => 'ADD');
