//! Which partitions a statement needs, by what its conditions say of partition columns.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch, StringViewArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::Session;
use datafusion::common::{DFSchema, Result};
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};

use crate::ledger::partition::{Partition, PartitionBy};
use crate::record::header::Column;

/// Returns the columns of a table's files, as its definition has them.
pub fn file_schema(columns: &[Column]) -> SchemaRef {
    let data_type = |column: &Column| match column.column_type.arrow() {
        // Views are compared and grouped without copying.
        DataType::Utf8 => DataType::Utf8View,
        other => other,
    };
    Arc::new(Schema::new(columns.iter().map(|c| Field::new(&c.name, data_type(c), true)).collect::<Vec<_>>()))
}

/// Returns the partition columns: strings, behind the others.
pub fn partition_fields(by: PartitionBy) -> Vec<Arc<Field>> {
    by.columns().into_iter().map(|name| Arc::new(Field::new(name, DataType::Utf8View, false))).collect()
}

/// Returns the columns of a table: those of its files, then those of its partitions.
pub fn table_schema(columns: &[Column], by: PartitionBy) -> SchemaRef {
    let files = file_schema(columns);
    Arc::new(Schema::new(files.fields().iter().cloned().chain(partition_fields(by)).collect::<Vec<_>>()))
}

/// Returns the values of a partition's columns.
pub fn values(partition: &Partition) -> Vec<String> {
    let path = partition.path();
    path.split('/').filter_map(|folder| folder.split_once('=')).map(|(_, value)| value.to_owned()).collect()
}

/// Says which conditions the choice of partitions settles, and which remain.
pub fn pushdown(
    filters: &[&Expr],
    by: PartitionBy,
    others: TableProviderFilterPushDown,
) -> Vec<TableProviderFilterPushDown> {
    let settled = |filter: &&Expr| {
        if is_about_partitions(filter, by) { TableProviderFilterPushDown::Exact } else { others.clone() }
    };
    filters.iter().map(settled).collect()
}

/// Returns whether a condition speaks of nothing but partition columns.
pub fn is_about_partitions(filter: &Expr, by: PartitionBy) -> bool {
    let columns: HashSet<_> = filter.column_refs();
    let known = by.columns();
    !columns.is_empty() && columns.iter().all(|column| known.contains(&column.name()))
}

/// Returns for each partition whether its rows can meet the conditions.
///
/// # Errors
/// When a condition cannot be computed.
pub fn keep(state: &dyn Session, filters: &[Expr], by: PartitionBy, partitions: &[Partition]) -> Result<Vec<bool>> {
    let mut keep = vec![true; partitions.len()];
    let about = filters.iter().filter(|filter| is_about_partitions(filter, by));
    let fields = partition_fields(by);
    let columns: Vec<Vec<String>> = partitions.iter().map(values).collect();
    let arrays = (0..fields.len()).map(|at| -> ArrayRef {
        Arc::new(StringViewArray::from_iter_values(
            columns.iter().map(|values| values.get(at).map_or("", String::as_str)),
        ))
    });
    let schema = Arc::new(Schema::new(fields.clone()));
    let rows = RecordBatch::try_new(Arc::clone(&schema), arrays.collect())?;
    let schema = DFSchema::try_from(schema)?;
    for filter in about {
        let filter = unqualified(filter.clone())?;
        let met = state.create_physical_expr(filter, &schema)?.evaluate(&rows)?.into_array(rows.num_rows())?;
        let Some(met) = met.as_boolean_opt() else { continue };
        for (keep, met) in keep.iter_mut().zip(met) {
            *keep &= met == Some(true);
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
