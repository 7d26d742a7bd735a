//! The other side of the interoperability tests: a client library and a homeserver of other people, in target/venv.

use std::path::PathBuf;

use anyhow::Result;

use crate::repo;
use crate::shell::call;
use crate::stamp::Stamp;

/// What is installed, in the versions the tests were written against.
const PACKAGES: &[&str] = &["matrix-nio[e2e]==0.25.2", "matrix-synapse==1.163.0"];

/// Where it lies.
pub(crate) fn folder() -> PathBuf {
    repo::target().join("venv")
}

/// Makes the environment.
pub(crate) fn environment() -> Result<()> {
    let python = folder().join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let stamp = Stamp::new("venv", &[], PACKAGES)?;
    if stamp.is_fresh() && python.exists() {
        return Ok(());
    }
    eprintln!("installing {}", PACKAGES.join(" and "));
    call("python3", ["-m", "venv", "--clear"].iter().map(Into::into).chain([folder().into_os_string()]))
        .run()?;
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"];
    call(&python, install.iter().chain(PACKAGES)).run()?;
    stamp.set()
}
