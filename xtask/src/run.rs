//! `cargo xtask run`: from a fresh clone to an open window.
//!
//! Built in the dev profile: what is slow without optimisation (database, passwords, sound, pictures) is optimised
//! there as well, so the window does not feel it, a first start comes minutes sooner than with link-time
//! optimisation, and the same artefacts serve the tests.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use crate::shell::{call, cargo};
use crate::{repo, setup};

/// How to open Hark.
#[derive(Args)]
pub(crate) struct Options {
    /// Show it in the browser and not in its own window
    #[arg(long)]
    browser: bool,
    /// The port the browser reaches it at
    #[arg(long, default_value_t = 7878)]
    port: u16,
    /// Where account and messages are kept; by default where the system keeps a program's data
    #[arg(long)]
    data: Option<PathBuf>,
    /// Skip the welcome screen: a server of its own and a contact who answers, kept in target/demo
    #[arg(long)]
    demo: bool,
}

/// Sets up, builds, opens.
pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    let display = has_display();
    if !display && !options.browser {
        eprintln!("No display here: open the address below in a browser.");
    }
    if display && !options.browser { desktop(options) } else { browser(options) }
}

fn desktop(options: &Options) -> Result<ExitCode> {
    setup::system::packages(&[setup::system::BUILD, setup::system::SHELL])?;
    setup::node::build()?;
    cargo(["build", "--package", "hark-desktop", "--package", "hark-app", "--package", "hark-server"])
        .run()?;
    Ok(ExitCode::from(call(repo::program("hark-desktop"), common(options)).code()?))
}

fn browser(options: &Options) -> Result<ExitCode> {
    setup::system::packages(&[setup::system::BUILD])?;
    setup::node::build()?;
    cargo(["build", "--package", "hark-app", "--package", "hark-server"]).run()?;
    let listen = format!("127.0.0.1:{}", options.port);
    let mut arguments: Vec<OsString> = vec!["browser".into(), "--listen".into(), listen.into()];
    arguments.extend(common(options));
    Ok(ExitCode::from(call(repo::program("hark"), arguments).code()?))
}

/// What both are told. A demonstration never touches a person's own folder.
fn common(options: &Options) -> Vec<OsString> {
    let mut arguments = Vec::new();
    let demo = || options.demo.then(|| repo::target().join("demo"));
    if let Some(data) = options.data.clone().or_else(demo) {
        arguments.extend(["--data".into(), data.into_os_string()]);
    }
    if options.demo {
        arguments.push("--try".into());
    }
    arguments
}

fn has_display() -> bool {
    !cfg!(target_os = "linux")
        || ["DISPLAY", "WAYLAND_DISPLAY"]
            .iter()
            .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}
