CALL system.sync_partition_metadata(schema_name => 'logs', table_name => 'vpc_flow_logs', mode => 'ADD');
