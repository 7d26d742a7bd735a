//! `hark-server`: runs a homeserver on a folder, and administers it.

#![forbid(unsafe_code)]

mod cli;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::Parser;

#[tokio::main]
async fn main() -> ExitCode {
    match cli::Arguments::parse().run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if !error.is::<cli::Told>() {
                // Where standard error is gone there is nobody to tell.
                let _ = writeln!(io::stderr(), "{error}");
            }
            ExitCode::FAILURE
        }
    }
}
