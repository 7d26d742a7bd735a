//! `cargo xtask package`: what people install. Here .deb and .rpm; on macOS a disk image, on Windows an installer.
//!
//! Each holds the window, the terminal's program and the homeserver. The programs are built as always; Tauri's bundler
//! only wraps them.

mod check;

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::shell::{call, cargo};
use crate::{repo, setup};

/// How to package Hark.
#[derive(Args)]
pub(crate) struct Options {
    /// Kinds of package, as Tauri's bundler names them (deb, rpm, appimage, nsis, dmg)
    #[arg(long, value_delimiter = ',')]
    bundles: Vec<String>,
    /// Also install the .deb in a clean Debian 12 and start everything there; takes root and a mirror
    #[arg(long)]
    check: bool,
}

/// What lies beside the window's program in a package.
const BESIDE: [&str; 2] = ["hark", "hark-server"];

/// Builds, packages, and checks where asked to.
pub(crate) fn package(options: &Options) -> Result<ExitCode> {
    setup::system::packages(&[setup::system::BUILD, setup::system::SHELL])?;
    setup::node::build()?;
    cargo([
        "build",
        "--release",
        "--package",
        "hark-desktop",
        "--package",
        "hark-app",
        "--package",
        "hark-server",
    ])
    .run()?;
    put_beside()?;
    let bundles = if options.bundles.is_empty() { usual().to_owned() } else { options.bundles.join(",") };
    let cli = repo::ui().join("node_modules").join("@tauri-apps").join("cli").join("tauri.js");
    let cli = cli.display().to_string();
    call("node", [&cli, "bundle", "--config", "package.conf.json", "--bundles", &bundles])
        .within(&shell())
        .env("CI", "true")
        .run()?;
    for package in made()? {
        println!("{}", package.display());
    }
    if options.check {
        check::deb(&one_deb()?)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn usual() -> &'static str {
    match std::env::consts::OS {
        "windows" => "nsis",
        "macos" => "dmg",
        _ => "deb,rpm",
    }
}

fn shell() -> PathBuf {
    repo::root().join("src-tauri")
}

/// The bundler wants what it puts beside the window under the name of the machine it is built for.
fn put_beside() -> Result<()> {
    let folder = shell().join("bin");
    fs::create_dir_all(&folder)?;
    let about = call("rustc", ["-vV"]).output()?;
    let host = about.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc names no host")?;
    for name in BESIDE {
        let suffix = std::env::consts::EXE_SUFFIX;
        let built = repo::target().join("release").join(format!("{name}{suffix}"));
        fs::copy(&built, folder.join(format!("{name}-{host}{suffix}")))
            .with_context(|| built.display().to_string())?;
    }
    Ok(())
}

/// All packages there are.
fn made() -> Result<Vec<PathBuf>> {
    let mut packages = Vec::new();
    for kind in fs::read_dir(repo::target().join("release").join("bundle"))? {
        let kind = kind?.path();
        for entry in kind.is_dir().then(|| fs::read_dir(&kind)).transpose()?.into_iter().flatten() {
            let path = entry?.path();
            let suffix = path.extension().unwrap_or_default().to_string_lossy().into_owned();
            if ["deb", "rpm", "AppImage", "dmg", "exe"].contains(&suffix.as_str()) {
                packages.push(path);
            }
        }
    }
    packages.sort();
    Ok(packages)
}

fn one_deb() -> Result<PathBuf> {
    let is_deb = |path: &PathBuf| path.extension().is_some_and(|suffix| suffix == "deb");
    match made()?.into_iter().filter(is_deb).collect::<Vec<_>>().as_slice() {
        [one] => Ok(one.clone()),
        other => bail!("one .deb is to be checked, and there are {}", other.len()),
    }
}
