//! `cargo xtask bench`: the numbers, from the release profile.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;

use crate::setup;
use crate::shell::cargo;

/// Benches of the real window.
const WITH_WINDOW: [&str; 2] = ["start", "memory"];

/// Builds and runs the bench program.
pub(crate) fn bench(name: Option<&str>, json: Option<&Path>) -> Result<ExitCode> {
    setup::system::packages(&[setup::system::BUILD])?;
    if name.is_none_or(|name| WITH_WINDOW.contains(&name)) {
        setup::system::packages(&[setup::system::SHELL, setup::system::DESK])?;
        setup::node::build()?;
        cargo(["build", "--quiet", "--release", "--package", "hark-desktop"]).run()?;
    }
    cargo(["build", "--quiet", "--release", "--package", "hark-benches", "--package", "hark-server"])
        .run()?;
    let mut arguments = vec!["run".into(), "--quiet".into(), "--release".into(), "--package".into()];
    arguments.extend(["hark-benches".into(), "--".into()]);
    arguments.extend(name.map(Into::into));
    if let Some(json) = json {
        // The bench program runs in the clone; the file is named from where the person stands.
        arguments.extend(["--json".into(), std::path::absolute(json)?.into_os_string()]);
    }
    Ok(ExitCode::from(cargo(arguments).code()?))
}
