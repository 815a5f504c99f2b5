# note: vpc_id (line 1, column 300) is NULL: none of the converted logs has the field
# note: vpc_flow_logs_parquet is a view over vpc_flow_logs_parquet_files: SELECTs see what they saw, but SHOW PARTITIONS, MSCK and ALTER TABLE need the table, and Spark and Redshift Spectrum cannot read a view of Athena
CREATE TABLE IF NOT EXISTS `vpc_flow_logs_parquet_files` (
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
  `log_status`   string,
  `vpc_id`       string
)
USING PARQUET
PARTITIONED BY (`year` string, `month` string, `day` string)
LOCATION 's3://bucket/flow/';

MSCK REPAIR TABLE `vpc_flow_logs_parquet_files`;

CREATE OR REPLACE VIEW `vpc_flow_logs_parquet` AS
SELECT
  `version`,
  `account_id`,
  `interface_id`,
  `srcaddr`,
  `dstaddr`,
  `srcport`,
  `dstport`,
  CAST(`protocol` AS bigint) AS `protocol`,
  `packets`,
  `bytes`,
  `start`,
  `end`,
  `action`,
  `log_status`,
  `vpc_id`,
  TRY_CAST(concat(`year`, '-', `month`, '-', `day`) AS date) AS `date`
FROM `vpc_flow_logs_parquet_files`;
