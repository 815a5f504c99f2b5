//! Numbers of columns (`SchemaElement.field_id`): what Iceberg tables know a column by, whatever it is called.
//!
//! A field of a schema file has the number that stands there. The number of an unknown field follows from its name, so that
//! all files of a table agree on it, whoever wrote them and in what order fields appeared.

use std::collections::HashSet;

use crate::record::header::Column;
use crate::record::schema::{FIRST_UNKNOWN_ID, LogType};

/// How many numbers there are for unknown fields: Iceberg keeps the highest ones of 31 bits for itself.
const UNKNOWN_IDS: u32 = 1 << 30;

/// How the number of an unknown field comes from the name of its column, as `table.json` records it.
pub const UNKNOWN_ID_RULE: &str = "1024 + crc32(column) % 2^30";

/// Returns the number of each column. One that another column of the file has already is left out: a reader that asks for it
/// must not get two.
pub fn field_ids(columns: &[Column], log_type: LogType) -> Vec<Option<i32>> {
    let mut taken = HashSet::new();
    columns.iter().map(|column| Some(field_id(&column.name, log_type)).filter(|id| taken.insert(*id))).collect()
}

fn field_id(column: &str, log_type: LogType) -> i32 {
    let known = log_type.schema().fields.iter().find(|field| field.column == column);
    known.map_or_else(
        || FIRST_UNKNOWN_ID + (libdeflater::crc32(column.as_bytes()) % UNKNOWN_IDS) as i32,
        |field| field.id,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::schema::ColumnType;

    #[test]
    fn unknown_fields_have_numbers_by_their_names() {
        let column = |name: &str| Column { name: name.to_owned(), column_type: ColumnType::String };
        let columns = ["bytes", "srcaddr", "new_field"].map(column);
        // By Python: 1024 + zlib.crc32(b"new_field") % 2**30
        assert_eq!(field_ids(&columns, LogType::Vpc), [Some(10), Some(4), Some(593_693_317)]);
        // Two names of one number: "plumless" and "buckeroo" have one CRC-32.
        let twins = field_ids(&["buckeroo", "plumless"].map(column), LogType::Vpc);
        assert!(matches!(twins[..], [Some(_), None]), "{twins:?}");
    }
}
