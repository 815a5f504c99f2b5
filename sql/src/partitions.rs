//! Which partitions a statement needs, by what its conditions say of partition columns.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch, StringViewArray, UInt32Array};
use arrow::compute::{cast, take_record_batch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::Session;
use datafusion::common::{DFSchema, Result};
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};

use crate::guard::may_fail;

/// The column that has the URL of a row's file, as in Athena (<https://trino.io/docs/current/connector/hive.html>).
pub(crate) const PATH: &str = "$path";

/// Returns the columns of a table with one more, the URL of a row's file.
pub(crate) fn with_path(schema: &SchemaRef) -> SchemaRef {
    Arc::new(Schema::new(schema.fields().iter().cloned().chain(partition_fields(&[PATH])).collect::<Vec<_>>()))
}

/// Columns and partitions of a table.
#[derive(Debug, Clone)]
pub struct Partitioned {
    /// Columns of the rows, by name and type; NULL may stand in each.
    pub columns: Vec<(String, DataType)>,
    /// Names of the partition columns, which are strings and stand behind the others.
    pub keys: Vec<&'static str>,
    /// The partitions: a value of each partition column.
    pub partitions: Vec<Vec<String>>,
}

/// Returns the columns of a table: those of its rows, then those of its partitions.
pub fn table_schema(table: &Partitioned) -> SchemaRef {
    let rows = row_schema(&table.columns);
    Arc::new(Schema::new(rows.fields().iter().cloned().chain(partition_fields(&table.keys)).collect::<Vec<_>>()))
}

/// Returns the columns of a table's rows.
pub(crate) fn row_schema(columns: &[(String, DataType)]) -> SchemaRef {
    let field = |(name, data_type): &(String, DataType)| {
        // Views are compared and grouped without copying.
        let data_type = if *data_type == DataType::Utf8 { &DataType::Utf8View } else { data_type };
        Field::new(name, data_type.clone(), true)
    };
    Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()))
}

/// Returns the partition columns: strings, behind the others.
pub(crate) fn partition_fields(keys: &[&str]) -> Vec<Arc<Field>> {
    keys.iter().map(|name| Arc::new(Field::new(*name, DataType::Utf8View, true))).collect()
}

/// Says which conditions the choice of partitions settles, and which remain.
pub(crate) fn pushdown(
    filters: &[&Expr],
    keys: &[&str],
    others: TableProviderFilterPushDown,
) -> Vec<TableProviderFilterPushDown> {
    let settled = |filter: &&Expr| {
        match is_about_partitions(filter, keys) {
            // What may fail is asked of rows again, where the other conditions let them through.
            true if may_fail(filter) => TableProviderFilterPushDown::Inexact,
            true => TableProviderFilterPushDown::Exact,
            false => others.clone(),
        }
    };
    filters.iter().map(settled).collect()
}

/// Returns whether a condition speaks of nothing but partition columns.
fn is_about_partitions(filter: &Expr, keys: &[&str]) -> bool {
    let columns: HashSet<_> = filter.column_refs();
    !columns.is_empty() && columns.iter().all(|column| keys.contains(&column.name()))
}

/// Returns whether a condition is asked of partitions: also one of which NULL has become once it was settled here.
fn is_asked(filter: &Expr, keys: &[&str]) -> bool {
    matches!(filter, Expr::Literal(..)) || is_about_partitions(filter, keys)
}

/// Returns for each partition whether its rows can meet the conditions.
///
/// # Errors
/// When a condition cannot be computed.
pub(crate) fn keep(state: &dyn Session, filters: &[Expr], table: &Partitioned) -> Result<Vec<bool>> {
    let mut keep = vec![true; table.partitions.len()];
    let (sure, failing): (Vec<&Expr>, Vec<&Expr>) =
        filters.iter().filter(|filter| is_asked(filter, &table.keys)).partition(|filter| !may_fail(filter));
    let fields = partition_fields(&table.keys);
    let arrays = (0..fields.len()).map(|at| -> ArrayRef {
        Arc::new(StringViewArray::from_iter_values(
            table.partitions.iter().map(|values| values.get(at).map_or("", String::as_str)),
        ))
    });
    let schema = Arc::new(Schema::new(fields.clone()));
    let rows = RecordBatch::try_new(Arc::clone(&schema), arrays.collect())?;
    let schema = DFSchema::try_from(schema)?;
    for filter in sure.into_iter().chain(failing) {
        let filter = unqualified(filter.clone())?;
        // What may fail is asked of those that are left, and again of their rows.
        let fails = may_fail(&filter);
        let left: Vec<u32> = (0_u32..).zip(&keep).filter(|(_, keep)| !fails || **keep).map(|(at, _)| at).collect();
        let rows = take_record_batch(&rows, &UInt32Array::from(left.clone()))?;
        let met = state.create_physical_expr(filter, &schema)?.evaluate(&rows);
        let met = match met.and_then(|met| met.into_array(rows.num_rows())) {
            Ok(met) => cast(&met, &DataType::Boolean)?,
            Err(_) if fails => continue,
            Err(error) => return Err(error),
        };
        for (at, met) in left.into_iter().zip(met.as_boolean()) {
            keep[at as usize] &= met == Some(true);
        }
    }
    Ok(keep)
}

fn unqualified(filter: Expr) -> Result<Expr> {
    use datafusion::common::tree_node::{Transformed, TreeNode};
    let bare = filter.transform(|expr| match expr {
        Expr::Column(mut column) if column.relation.is_some() => {
            column.relation = None;
            Ok(Transformed::yes(Expr::Column(column)))
        }
        other => Ok(Transformed::no(other)),
    })?;
    Ok(bare.data)
}
