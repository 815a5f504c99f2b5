-- A table that a Glue crawler made.
-- holds: * *
-- partition: '{account}', 'vpcflowlogs', '{region}', '{y}', '{m}', '{d}'
-- options: --key partition_0=account --key partition_1=service --key partition_2=region --key partition_3=yyyy --key partition_4=MM --key partition_5=dd
CREATE EXTERNAL TABLE `flow.vpc_flow_logs`(
  `version` int,
  `account_id` string,
  `interface_id` string,
  `srcaddr` string,
  `dstaddr` string,
  `srcport` int,
  `dstport` int,
  `protocol` int,
  `packets` bigint,
  `bytes` bigint,
  `start` bigint,
  `end` bigint,
  `action` string,
  `log_status` string)
PARTITIONED BY (
  `partition_0` string,
  `partition_1` string,
  `partition_2` string,
  `partition_3` string,
  `partition_4` string,
  `partition_5` string)
ROW FORMAT DELIMITED
  FIELDS TERMINATED BY ' '
STORED AS INPUTFORMAT
  'org.apache.hadoop.mapred.TextInputFormat'
OUTPUTFORMAT
  'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'
LOCATION
  's3://logs/AWSLogs/'
TBLPROPERTIES (
  'CrawlerSchemaDeserializerVersion'='1.0',
  'CrawlerSchemaSerializerVersion'='1.0',
  'UPDATED_BY_CRAWLER'='flow',
  'areColumnsQuoted'='false',
  'classification'='csv',
  'compressionType'='gzip',
  'delimiter'=' ',
  'skip.header.line.count'='1',
  'typeOfData'='file')
