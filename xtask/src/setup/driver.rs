//! What drives the desktop window in tests: tauri-driver, before the system's WebKitWebDriver.

use std::path::PathBuf;

use anyhow::Result;

use crate::repo;
use crate::shell::cargo;
use crate::stamp::Stamp;

const VERSION: &str = "2.1.0";

/// Builds it into target/tools, once.
pub(crate) fn install() -> Result<()> {
    if !cfg!(target_os = "linux") {
        return Ok(());
    }
    let stamp = Stamp::new("tauri-driver", &[], &[VERSION])?;
    if stamp.is_fresh() && program().exists() {
        return Ok(());
    }
    let root = tools().display().to_string();
    let install =
        ["install", "tauri-driver", "--version", VERSION, "--locked", "--quiet", "--force", "--root", &root];
    // Its own folder: it must not wait for the workspace's.
    let built = tools().join("build");
    cargo(install).env("CARGO_TARGET_DIR", &built).run()?;
    std::fs::remove_dir_all(built)?;
    stamp.set()
}

/// Where it is then.
pub(crate) fn program() -> PathBuf {
    tools().join("bin").join("tauri-driver")
}

fn tools() -> PathBuf {
    repo::target().join("tools")
}
