CREATE TABLE IF NOT EXISTS "vpc_flow_logs" (
  "version"      integer COMMENT 'highest field version among the fields of the flow log',
  "account_id"   varchar COMMENT 'owner of the source network interface, `unknown` for some AWS-created interfaces',
  "interface_id" varchar COMMENT 'network interface (ENI) that recorded the flow, `-` for regional NAT gateways',
  "srcaddr"      varchar COMMENT 'source IPv4 or IPv6 address, at the interface its own private address',
  "dstaddr"      varchar COMMENT 'destination IPv4 or IPv6 address, at the interface its own private address',
  "srcport"      integer COMMENT 'source port, 0 for ICMP',
  "dstport"      integer COMMENT 'destination port, 0 for ICMP',
  "protocol"     integer COMMENT 'IANA protocol number: 6 TCP, 17 UDP, 1 ICMP',
  "packets"      bigint COMMENT 'packets transferred in the aggregation interval',
  "bytes"        bigint COMMENT 'bytes transferred in the aggregation interval, `-` for Block Public Access rejects',
  "start"        bigint COMMENT 'Unix seconds (UTC) of the first packet in the aggregation interval',
  "end"          bigint COMMENT 'Unix seconds (UTC) of the last packet in the aggregation interval',
  "action"       varchar COMMENT 'ACCEPT or REJECT',
  "log_status"   varchar COMMENT 'OK, NODATA (no traffic in the interval) or SKIPDATA (AWS lost records)',
  "year" varchar WITH (partition_projection_type = 'INTEGER', partition_projection_range = ARRAY['2026', 'THIS YEAR + 10'], partition_projection_digits = 4),
  "month" varchar WITH (partition_projection_type = 'INTEGER', partition_projection_range = ARRAY['1', '12'], partition_projection_digits = 2),
  "day" varchar WITH (partition_projection_type = 'INTEGER', partition_projection_range = ARRAY['1', '31'], partition_projection_digits = 2)
)
WITH (
  external_location = 's3://bucket/flow/',
  format = 'PARQUET',
  partitioned_by = ARRAY['year', 'month', 'day'],
  partition_projection_enabled = true,
  partition_projection_location_template = 's3://bucket/flow/year=${year}/month=${month}/day=${day}/'
);
