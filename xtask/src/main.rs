//! Hark's chores: `cargo xtask …`.
//!
//! Each command sets up what it needs by itself and remembers, by stamps in `target/setup`, what is done: a second run
//! starts at once. Nothing is installed outside the clone but Debian packages, and those only where that is possible
//! without asking; else the command to type is printed.
#![forbid(unsafe_code)]

mod bench;
mod icons;
mod licences;
mod package;
mod repo;
mod run;
mod setup;
mod shell;
mod stamp;
mod test;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    about = "Hark's chores: set up, run, test, measure",
    disable_help_subcommand = true
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Set everything up and open Hark
    Run(run::Options),
    /// Set everything up and run all tests; the last line is "N passed, N failed"
    Test {
        /// Only what needs no other programs: formatting, lints, licences, unit tests
        #[arg(long)]
        quick: bool,
    },
    /// Measure, in the release profile; without a name, everything
    Bench {
        /// What to measure; the floor program always runs first
        name: Option<String>,
        /// Also write the figures here
        #[arg(long)]
        json: Option<PathBuf>,
    },
    /// Check the licence of every dependency
    Licences,
    /// Format all code
    Fmt,
    /// Build the packages people install
    Package(package::Options),
    /// Make the icons anew from the drawings in icons/
    Icons,
    /// Take the pictures of docs/ anew, from the running window
    Shots,
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Run(options) => run::run(&options),
        Command::Test { quick } => test::test(quick),
        Command::Bench { name, json } => bench::bench(name.as_deref(), json.as_deref()),
        Command::Licences => licences::print(),
        Command::Fmt => format(),
        Command::Package(options) => package::package(&options),
        Command::Icons => icons::icons(),
        Command::Shots => shots(),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn format() -> anyhow::Result<ExitCode> {
    shell::cargo(["fmt", "--all"]).run()?;
    setup::node::modules()?;
    shell::npm(["run", "--silent", "format"]).run()?;
    Ok(ExitCode::SUCCESS)
}

fn shots() -> anyhow::Result<ExitCode> {
    use setup::system::{BUILD, DESK, SHELL, TEST};
    setup::system::packages(&[BUILD, SHELL, DESK, TEST])?;
    setup::node::build()?;
    setup::driver::install()?;
    shell::cargo(["build", "--package", "hark-app", "--package", "hark-server", "--package", "hark-desktop"])
        .run()?;
    let node = shell::call("node", ["tests/desktop/shots.mjs"]);
    Ok(ExitCode::from(node.env("HARK_TAURI_DRIVER", setup::driver::program()).code()?))
}
