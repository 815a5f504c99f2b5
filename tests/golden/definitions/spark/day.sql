CREATE TABLE IF NOT EXISTS `vpc_flow_logs` (
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
USING PARQUET
PARTITIONED BY (`year` string, `month` string, `day` string)
LOCATION 's3://bucket/flow/';

MSCK REPAIR TABLE `vpc_flow_logs`;
