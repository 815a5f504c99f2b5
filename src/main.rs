//! The `flowparquet` program: parse, run, exit code.

use std::process::ExitCode;

/// Buffers of many sizes are made on one thread and dropped on another: mimalloc gives their memory back sooner.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

mod cli;

fn main() -> ExitCode {
    cli::main()
}
