//! The `hark` program; everything is in [`hark_app::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    hark_app::cli::run()
}
