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
  "aws_account_id" varchar,
  "aws_region" varchar,
  "year" varchar,
  "month" varchar,
  "day" varchar,
  "hour" varchar
)
WITH (
  external_location = 's3://bucket/logs/',
  format = 'TEXTFILE',
  textfile_field_separator = ' ',
  skip_header_line_count = 1,
  partitioned_by = ARRAY['aws_account_id', 'aws_region', 'year', 'month', 'day', 'hour']
);

CALL system.register_partition(schema_name => 'logs', table_name => 'vpc_flow_logs_raw', partition_columns => ARRAY['aws_account_id', 'aws_region', 'year', 'month', 'day', 'hour'], partition_values => ARRAY['123456789012', 'ap-northeast-1', '2026', '01', '15', '02'], location => 's3://bucket/logs/AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=ap-northeast-1/year=2026/month=01/day=15/hour=02/');

CALL system.register_partition(schema_name => 'logs', table_name => 'vpc_flow_logs_raw', partition_columns => ARRAY['aws_account_id', 'aws_region', 'year', 'month', 'day', 'hour'], partition_values => ARRAY['444455556666', 'eu-west-1', '2026', '01', '15', '02'], location => 's3://bucket/logs/AWSLogs/aws-account-id=444455556666/aws-service=vpcflowlogs/aws-region=eu-west-1/year=2026/month=01/day=15/hour=02/');
