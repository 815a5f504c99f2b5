-- A table's resource instead of its statement.
-- refused: yes
resource "aws_glue_catalog_table" "vpc_flow_logs" {
  name          = "vpc_flow_logs"
  database_name = "flow"
}
