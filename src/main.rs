//! The program: the library does the work, this maps its outcome to an exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    feedmill::run(std::env::args_os())
}
