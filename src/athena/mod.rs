//! What Athena is told and what it costs: [`ddl`] makes table definitions, [`cost`] knows the price of a scan.
//! Works on names, types and counts; knows nothing of bytes in files.

pub mod cost;
pub mod ddl;
pub mod name;
pub mod predicate;
pub mod queries;
