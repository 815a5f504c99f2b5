ALTER TABLE `logs`.`vpc_flow_logs` ADD IF NOT EXISTS
  PARTITION (`aws_account_id` = '123456789012', `aws_region` = 'ap-northeast-1', `year` = '2026', `month` = '01', `day` = '15', `hour` = '02') LOCATION 's3://bucket/flow/aws_account_id=123456789012/aws_region=ap-northeast-1/year=2026/month=01/day=15/hour=02/'
  PARTITION (`aws_account_id` = '444455556666', `aws_region` = 'eu-west-1', `year` = '2026', `month` = '01', `day` = '15', `hour` = '02') LOCATION 's3://bucket/flow/aws_account_id=444455556666/aws_region=eu-west-1/year=2026/month=01/day=15/hour=02/';
