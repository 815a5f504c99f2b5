resource "aws_glue_catalog_table" "vpc_flow_logs" {
  name          = "vpc_flow_logs"
  database_name = "logs"
  table_type    = "EXTERNAL_TABLE"

  parameters = {
    "EXTERNAL"                         = "TRUE"
    "classification"                   = "parquet"
    "projection.aws_account_id.type"   = "enum"
    "projection.aws_account_id.values" = "123456789012,444455556666"
    "projection.aws_region.type"       = "enum"
    "projection.aws_region.values"     = "ap-northeast-1,eu-west-1"
    "projection.day.digits"            = "2"
    "projection.day.range"             = "1,31"
    "projection.day.type"              = "integer"
    "projection.enabled"               = "true"
    "projection.hour.digits"           = "2"
    "projection.hour.range"            = "0,23"
    "projection.hour.type"             = "integer"
    "projection.month.digits"          = "2"
    "projection.month.range"           = "1,12"
    "projection.month.type"            = "integer"
    "projection.year.digits"           = "4"
    "projection.year.range"            = "2026,THIS YEAR + 10"
    "projection.year.type"             = "integer"
    "storage.location.template"        = "s3://bucket/flow/aws_account_id=$${aws_account_id}/aws_region=$${aws_region}/year=$${year}/month=$${month}/day=$${day}/hour=$${hour}/"
  }

  partition_keys {
    name = "aws_account_id"
    type = "string"
  }

  partition_keys {
    name = "aws_region"
    type = "string"
  }

  partition_keys {
    name = "year"
    type = "string"
  }

  partition_keys {
    name = "month"
    type = "string"
  }

  partition_keys {
    name = "day"
    type = "string"
  }

  partition_keys {
    name = "hour"
    type = "string"
  }

  storage_descriptor {
    location                  = "s3://bucket/flow/"
    input_format              = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"
    output_format             = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat"
    compressed                = false
    number_of_buckets         = -1
    stored_as_sub_directories = false

    ser_de_info {
      serialization_library = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"

      parameters = {
        "serialization.format" = "1"
      }
    }

    columns {
      name = "version"
      type = "int"
    }

    columns {
      name = "account_id"
      type = "string"
    }

    columns {
      name = "interface_id"
      type = "string"
    }

    columns {
      name = "srcaddr"
      type = "string"
    }

    columns {
      name = "dstaddr"
      type = "string"
    }

    columns {
      name = "srcport"
      type = "int"
    }

    columns {
      name = "dstport"
      type = "int"
    }

    columns {
      name = "protocol"
      type = "int"
    }

    columns {
      name = "packets"
      type = "bigint"
    }

    columns {
      name = "bytes"
      type = "bigint"
    }

    columns {
      name = "start"
      type = "bigint"
    }

    columns {
      name = "end"
      type = "bigint"
    }

    columns {
      name = "action"
      type = "string"
    }

    columns {
      name = "log_status"
      type = "string"
    }
  }
}
