//! What Athena and its neighbours are told, and what a scan costs.
//!
//! [`definition`] is the one model of a table; [`hive`] prints it as Athena takes it, [`glue`], [`cloudformation`],
//! [`terraform`], [`trino`], [`spark`] and [`duckdb`] as others do. [`pattern`], [`types`] and [`name`] are what
//! definitions are made of; [`form`] chooses among them. [`like`] reads a table that a person has, [`held`] says which logs it holds, [`bridge`] makes
//! ours answer for it, with a [`view`] where needed, and [`cutover`] has the steps to move. [`outgrown`] knows when a definition no longer shows
//! all; [`queries`] has ready queries and [`predicate`] says which partitions they read; [`cost`] knows the price of a scan. Works on names, types and counts; knows nothing of bytes in files.

pub mod bridge;
pub mod cloudformation;
pub mod cost;
pub mod cutover;
pub mod definition;
pub mod duckdb;
pub mod form;
pub mod glue;
pub mod held;
pub mod hints;
pub mod hive;
pub mod lacking;
pub mod like;
pub mod name;
pub mod outgrown;
pub mod pattern;
pub mod place;
pub mod predicate;
pub mod queries;
pub mod row_format;
pub mod spark;
pub mod terraform;
pub mod trino;
pub mod types;
pub mod view;
