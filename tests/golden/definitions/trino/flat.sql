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
  "log_status"   varchar
)
WITH (
  external_location = 'file:///WORK/flat/',
  format = 'TEXTFILE',
  textfile_field_separator = ' ',
  skip_header_line_count = 1
);
