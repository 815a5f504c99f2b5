# note: their table shows whoever's logs lie below s3://b/, and DEST has those of 123456789012 ap-northeast-1: --source says whether that is all
# note: vpc_flow_logs_parquet is a view over vpc_flow_logs_parquet_files: SELECTs see what they saw, but SHOW PARTITIONS, MSCK and ALTER TABLE need the table, and Spark and Redshift Spectrum cannot read a view of Athena
CREATE EXTERNAL TABLE IF NOT EXISTS `vpc_flow_logs_parquet_files` (
  `version`      int,
  `account_id`   string,
  `interface_id` string,
  `srcaddr`      string,
  `dstaddr`      string,
  `srcport`      int,
  `dstport`      int,
  `protocol`     int,
  `packets`      bigint,
  `bytes`        bigint,
  `start`        bigint,
  `end`          bigint,
  `action`       string,
  `log_status`   string
)
PARTITIONED BY (`year` string, `month` string, `day` string)
STORED AS PARQUET
LOCATION 's3://bucket/flow/'
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
  'storage.location.template' = 's3://bucket/flow/year=${year}/month=${month}/day=${day}/'
);

CREATE OR REPLACE VIEW "vpc_flow_logs_parquet" AS
SELECT
  "version",
  "account_id" AS "account",
  "interface_id" AS "interfaceid",
  "srcaddr" AS "sourceaddress",
  CAST("dstaddr" AS varchar(40)) AS "destinationaddress",
  "srcport" AS "sourceport",
  TRY_CAST("dstport" AS smallint) AS "destinationport",
  "protocol",
  TRY_CAST("packets" AS integer) AS "numpackets",
  CAST("bytes" AS double) AS "numbytes",
  TRY_CAST("start" AS integer) AS "starttime",
  coalesce(CAST("end" AS varchar), '-') AS "endtime",
  "action",
  "log_status" AS "logstatus",
  TRY_CAST("bytes" AS decimal(20,0)) AS "bytes",
  concat("year", '-', "month", '-', "day") AS "dt"
FROM "vpc_flow_logs_parquet_files";
