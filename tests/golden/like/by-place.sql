# note: the statement has no LOCATION, so that it does not say whose logs its table shows: the new one shows all of DEST; --account and --region say whose
# note: o (line 1, column 154) stands behind the last field of the logs and is always NULL
# note: their raw table shows the header line of every object as a row (its version is NULL); the Parquet table has none: count(*) and GROUP BY action are smaller by these rows, all else is equal
# note: t_parquet is a view over t_parquet_files: SELECTs see what they saw, but SHOW PARTITIONS, MSCK and ALTER TABLE need the table, and Spark and Redshift Spectrum cannot read a view of Athena
CREATE EXTERNAL TABLE IF NOT EXISTS `t_parquet_files` (
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

CREATE OR REPLACE VIEW "t_parquet" AS
SELECT
  "version" AS "a",
  "account_id" AS "b",
  "interface_id" AS "c",
  "srcaddr" AS "d",
  "dstaddr" AS "e",
  "srcport" AS "f",
  "dstport" AS "g",
  "protocol" AS "h",
  "packets" AS "i",
  "bytes" AS "j",
  "start" AS "k",
  "end" AS "l",
  "action" AS "m",
  "log_status" AS "n",
  CAST(NULL AS varchar) AS "o"
FROM "t_parquet_files";
