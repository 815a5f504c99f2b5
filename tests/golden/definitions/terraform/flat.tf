variable "database_name" {
  description = "Database of the Glue catalog, which must be there"
  type        = string
}

resource "aws_glue_catalog_table" "vpc_flow_logs_raw" {
  name          = "vpc_flow_logs_raw"
  database_name = var.database_name
  table_type    = "EXTERNAL_TABLE"

  parameters = {
    "EXTERNAL"               = "TRUE"
    "skip.header.line.count" = "1"
  }

  storage_descriptor {
    location                  = "s3://YOUR-BUCKET/YOUR-PREFIX/"
    input_format              = "org.apache.hadoop.mapred.TextInputFormat"
    output_format             = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"
    compressed                = false
    number_of_buckets         = -1
    stored_as_sub_directories = false

    ser_de_info {
      serialization_library = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"

      parameters = {
        "field.delim"          = " "
        "serialization.format" = " "
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
