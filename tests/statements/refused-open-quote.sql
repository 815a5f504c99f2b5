-- A quote that nobody closes.
-- refused: yes
CREATE EXTERNAL TABLE flow.vpc_flow_logs (version int)
ROW FORMAT DELIMITED FIELDS TERMINATED BY ' '
LOCATION 's3://raw-default/AWSLogs/
TBLPROPERTIES ('skip.header.line.count'='1');
