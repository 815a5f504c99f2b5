-- The same with the heading of the result.
-- holds: 444455556666 eu-west-1
-- partition: '{y}-{m}-{d}'
-- spark: parsed
createtab_stmt
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
  `date` date COMMENT '')
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
  's3://logs/AWSLogs/444455556666/vpcflowlogs/eu-west-1'
TBLPROPERTIES (
  'skip.header.line.count'='1', 
  'transient_lastDdlTime'='1700000000')
