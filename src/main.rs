//! The `flowparquet` program: all of it is the library's, so that what only the program uses needs not be public.

use std::process::ExitCode;

fn main() -> ExitCode {
    flowparquet::program()
}
