-- Terraform's aws_glue_catalog_table, as SHOW CREATE TABLE prints it.
-- holds: 111122223333 *
CREATE EXTERNAL TABLE `flow.vpc_flow_logs`(
  `version` int COMMENT '',
  `account_id` string COMMENT '',
  `interface_id` string COMMENT '',
  `srcaddr` string COMMENT '',
  `dstaddr` string COMMENT '',
  `srcport` int COMMENT '',
  `dstport` int COMMENT '',
  `protocol` int COMMENT '',
  `packets` bigint COMMENT '',
  `bytes` bigint COMMENT '',
  `start` bigint COMMENT '',
  `end` bigint COMMENT '',
  `action` string COMMENT '',
  `log_status` string COMMENT '')
PARTITIONED BY (
  `region` string COMMENT '',
  `day` string COMMENT '')
ROW FORMAT SERDE
  'org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe'
WITH SERDEPROPERTIES (
  'field.delim'=' ',
  'serialization.format'=' ')
STORED AS INPUTFORMAT
  'org.apache.hadoop.mapred.TextInputFormat'
OUTPUTFORMAT
  'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'
LOCATION
  's3://logs/AWSLogs/111122223333/vpcflowlogs'
TBLPROPERTIES (
  'EXTERNAL'='TRUE',
  'projection.day.format'='yyyy/MM/dd',
  'projection.day.interval'='1',
  'projection.day.interval.unit'='DAYS',
  'projection.day.range'='2025/01/01,NOW',
  'projection.day.type'='date',
  'projection.enabled'='true',
  'projection.region.type'='enum',
  'projection.region.values'='us-east-1,eu-west-1',
  'skip.header.line.count'='1',
  'storage.location.template'='s3://logs/AWSLogs/111122223333/vpcflowlogs/${region}/${day}/')
