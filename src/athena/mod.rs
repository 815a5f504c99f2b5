//! What Athena and its neighbours are told, and what a scan costs.
//!
//! [`definition`] is the one model of a table; [`hive`] prints it as Athena takes it, [`glue`], [`cloudformation`],
//! [`terraform`], [`trino`], [`spark`] and [`duckdb`] as others do. [`pattern`], [`types`] and [`name`] are what
//! definitions are made of; [`cost`] knows the price of a scan. Works on names, types and counts; knows nothing of
//! bytes in files.

pub mod cloudformation;
pub mod cost;
pub mod definition;
pub mod duckdb;
pub mod glue;
pub mod hive;
pub mod name;
pub mod pattern;
pub mod spark;
pub mod terraform;
pub mod trino;
pub mod types;
