-- What is run behind the statement.
-- refused: yes
MSCK REPAIR TABLE flow.vpc_flow_logs;
