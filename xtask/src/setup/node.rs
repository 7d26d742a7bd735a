//! The window: its packages and its build.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::repo;
use crate::shell::{call, npm};
use crate::stamp::Stamp;

/// The oldest Node the window's tools run on.
const OLDEST: u32 = 20;

/// Installs ui/'s packages as the lock file has them.
pub(crate) fn modules() -> Result<()> {
    let version = call("node", ["--version"]).output().with_context(|| {
        format!("Node is missing: install Node {OLDEST} or newer from https://nodejs.org")
    })?;
    let major =
        version.trim().trim_start_matches('v').split('.').next().and_then(|text| text.parse::<u32>().ok());
    if major.is_none_or(|major| major < OLDEST) {
        bail!("Node {OLDEST} or newer is needed, this is {}", version.trim());
    }
    let lock = repo::ui().join("package-lock.json");
    let stamp = Stamp::new("node-modules", &[&lock], &[version.trim()])?;
    if stamp.is_fresh() && repo::ui().join("node_modules").exists() {
        return Ok(());
    }
    eprintln!("installing the window's packages");
    npm(["ci", "--no-audit", "--no-fund", "--loglevel=error"]).run()?;
    stamp.set()
}

/// Whether the built window is that of the sources.
pub(crate) fn is_built() -> Result<bool> {
    Ok(built()?.is_fresh() && repo::ui().join("dist").join("index.html").exists())
}

/// Notes that the window was built.
pub(crate) fn note_built() -> Result<()> {
    built()?.set()
}

/// Builds the window where its sources changed.
pub(crate) fn build() -> Result<()> {
    modules()?;
    if is_built()? {
        return Ok(());
    }
    eprintln!("building the window");
    npm(["run", "--silent", "build"]).run()?;
    note_built()
}

fn built() -> Result<Stamp> {
    let paths = sources()?;
    let paths = paths.iter().map(PathBuf::as_path).collect::<Vec<&Path>>();
    Stamp::new("window", &paths, &[])
}

/// Everything in ui/ but what is made from it.
fn sources() -> Result<Vec<PathBuf>> {
    let made = ["node_modules", "dist", ".svelte-kit"];
    let mut paths = Vec::new();
    for entry in fs::read_dir(repo::ui())? {
        let entry = entry?;
        if !made.iter().any(|name| entry.file_name() == *name) {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}
