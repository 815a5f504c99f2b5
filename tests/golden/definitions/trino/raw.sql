CREATE TABLE IF NOT EXISTS "vpc_flow_logs_raw" (
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
  "year" varchar WITH (partition_projection_type = 'INTEGER', partition_projection_range = ARRAY['2026', 'THIS YEAR + 10'], partition_projection_digits = 4),
  "month" varchar WITH (partition_projection_type = 'INTEGER', partition_projection_range = ARRAY['1', '12'], partition_projection_digits = 2),
  "day" varchar WITH (partition_projection_type = 'INTEGER', partition_projection_range = ARRAY['1', '31'], partition_projection_digits = 2)
)
WITH (
  external_location = 's3://bucket/logs/AWSLogs/123456789012/vpcflowlogs/ap-northeast-1/',
  format = 'TEXTFILE',
  textfile_field_separator = ' ',
  skip_header_line_count = 1,
  partitioned_by = ARRAY['year', 'month', 'day'],
  partition_projection_enabled = true,
  partition_projection_location_template = 's3://bucket/logs/AWSLogs/123456789012/vpcflowlogs/ap-northeast-1/${year}/${month}/${day}/'
);
