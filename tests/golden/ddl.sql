CREATE EXTERNAL TABLE IF NOT EXISTS `vpc_flow_logs` (
  `version`      int COMMENT 'highest field version among the fields of the flow log',
  `account_id`   string COMMENT 'owner of the source network interface, `unknown` for some AWS-created interfaces',
  `interface_id` string COMMENT 'network interface (ENI) that recorded the flow, `-` for regional NAT gateways',
  `srcaddr`      string COMMENT 'source IPv4 or IPv6 address, at the interface its own private address',
  `dstaddr`      string COMMENT 'destination IPv4 or IPv6 address, at the interface its own private address',
  `srcport`      int COMMENT 'source port, 0 for ICMP',
  `dstport`      int COMMENT 'destination port, 0 for ICMP',
  `protocol`     int COMMENT 'IANA protocol number: 6 TCP, 17 UDP, 1 ICMP',
  `packets`      bigint COMMENT 'packets transferred in the aggregation interval',
  `bytes`        bigint COMMENT 'bytes transferred in the aggregation interval, `-` for Block Public Access rejects',
  `start`        bigint COMMENT 'Unix seconds (UTC) of the first packet in the aggregation interval',
  `end`          bigint COMMENT 'Unix seconds (UTC) of the last packet in the aggregation interval',
  `action`       string COMMENT 'ACCEPT or REJECT',
  `log_status`   string COMMENT 'OK, NODATA (no traffic in the interval) or SKIPDATA (AWS lost records)'
)
PARTITIONED BY (`year` string, `month` string, `day` string)
STORED AS PARQUET
LOCATION 's3://YOUR-BUCKET/YOUR-PREFIX/'
TBLPROPERTIES (
  'classification' = 'parquet',
  'projection.enabled' = 'true',
  'projection.year.type' = 'integer',
  'projection.year.range' = '2026,THIS YEAR + 10',
  'projection.year.digits' = '4',
  'projection.month.type' = 'integer',
  'projection.month.range' = '1,12',
  'projection.month.digits' = '2',
  'projection.day.type' = 'integer',
  'projection.day.range' = '1,31',
  'projection.day.digits' = '2',
  'storage.location.template' = 's3://YOUR-BUCKET/YOUR-PREFIX/year=${year}/month=${month}/day=${day}/'
);
