variable "database_name" {
  description = "Database of the Glue catalog, which must be there"
  type        = string
}

resource "aws_glue_catalog_table" "vpc_flow_logs" {
  name          = "vpc_flow_logs"
  database_name = var.database_name
  table_type    = "EXTERNAL_TABLE"

  parameters = {
    "EXTERNAL"                  = "TRUE"
    "classification"            = "parquet"
    "projection.day.digits"     = "2"
    "projection.day.range"      = "1,31"
    "projection.day.type"       = "integer"
    "projection.enabled"        = "true"
    "projection.month.digits"   = "2"
    "projection.month.range"    = "1,12"
    "projection.month.type"     = "integer"
    "projection.year.digits"    = "4"
    "projection.year.range"     = "2026,THIS YEAR + 10"
    "projection.year.type"      = "integer"
    "storage.location.template" = "s3://bucket/flow/year=$${year}/month=$${month}/day=$${day}/"
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
      name    = "version"
      type    = "int"
      comment = "highest field version among the fields of the flow log"
    }

    columns {
      name    = "account_id"
      type    = "string"
      comment = "owner of the source network interface, `unknown` for some AWS-created interfaces"
    }

    columns {
      name    = "interface_id"
      type    = "string"
      comment = "network interface (ENI) that recorded the flow, `-` for regional NAT gateways"
    }

    columns {
      name    = "srcaddr"
      type    = "string"
      comment = "source IPv4 or IPv6 address, at the interface its own private address"
    }

    columns {
      name    = "dstaddr"
      type    = "string"
      comment = "destination IPv4 or IPv6 address, at the interface its own private address"
    }

    columns {
      name    = "srcport"
      type    = "int"
      comment = "source port, 0 for ICMP"
    }

    columns {
      name    = "dstport"
      type    = "int"
      comment = "destination port, 0 for ICMP"
    }

    columns {
      name    = "protocol"
      type    = "int"
      comment = "IANA protocol number: 6 TCP, 17 UDP, 1 ICMP"
    }

    columns {
      name    = "packets"
      type    = "bigint"
      comment = "packets transferred in the aggregation interval"
    }

    columns {
      name    = "bytes"
      type    = "bigint"
      comment = "bytes transferred in the aggregation interval, `-` for Block Public Access rejects"
    }

    columns {
      name    = "start"
      type    = "bigint"
      comment = "Unix seconds (UTC) of the first packet in the aggregation interval"
    }

    columns {
      name    = "end"
      type    = "bigint"
      comment = "Unix seconds (UTC) of the last packet in the aggregation interval"
    }

    columns {
      name    = "action"
      type    = "string"
      comment = "ACCEPT or REJECT"
    }

    columns {
      name    = "log_status"
      type    = "string"
      comment = "OK, NODATA (no traffic in the interval) or SKIPDATA (AWS lost records)"
    }
  }
}
