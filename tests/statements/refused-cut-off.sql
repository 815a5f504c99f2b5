-- What a terminal cut off.
-- refused: yes
CREATE EXTERNAL TABLE flow.vpc_flow_logs (
  version int,
  account_id string,
