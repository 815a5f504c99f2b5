//! What Athena is told and what it costs: [`ddl`] makes table definitions, [`queries`] has ready queries, [`predicate`]
//! says which partitions they read, [`name`] quotes, [`cost`] knows the price of a scan.
//! Works on names, types and counts; knows nothing of bytes in files.

pub mod cost;
pub mod ddl;
pub mod name;
pub mod predicate;
pub mod queries;
