-- Hive's own LIKE, which Athena has not.
-- refused: yes
CREATE TABLE flow.vpc_flow_logs LIKE flow.flow_logs_of_old;
