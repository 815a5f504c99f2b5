CREATE TABLE IF NOT EXISTS "logs"."vpc_flow_logs_raw" (
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
  "aws_account_id" varchar WITH (partition_projection_type = 'ENUM', partition_projection_values = ARRAY['123456789012', '444455556666']),
  "aws_region" varchar WITH (partition_projection_type = 'ENUM', partition_projection_values = ARRAY['ap-northeast-1', 'eu-west-1']),
  "year" varchar WITH (partition_projection_type = 'INTEGER', partition_projection_range = ARRAY['2026', 'THIS YEAR + 10'], partition_projection_digits = 4),
  "month" varchar WITH (partition_projection_type = 'INTEGER', partition_projection_range = ARRAY['1', '12'], partition_projection_digits = 2),
  "day" varchar WITH (partition_projection_type = 'INTEGER', partition_projection_range = ARRAY['1', '31'], partition_projection_digits = 2),
  "hour" varchar WITH (partition_projection_type = 'INTEGER', partition_projection_range = ARRAY['0', '23'], partition_projection_digits = 2)
)
WITH (
  external_location = 's3://bucket/logs/',
  format = 'TEXTFILE',
  textfile_field_separator = ' ',
  skip_header_line_count = 1,
  partitioned_by = ARRAY['aws_account_id', 'aws_region', 'year', 'month', 'day', 'hour'],
  partition_projection_enabled = true,
  partition_projection_location_template = 's3://bucket/logs/AWSLogs/aws-account-id=${aws_account_id}/aws-service=vpcflowlogs/aws-region=${aws_region}/year=${year}/month=${month}/day=${day}/hour=${hour}/'
);
