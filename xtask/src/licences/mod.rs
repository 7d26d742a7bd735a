//! Whether everything Hark is built from may be given away under its own licence.
//!
//! Crates come from `cargo metadata`, for every platform; the window's packages from its lock file, which names the
//! licence of each. Tools that only build the window and are not part of it may have a few more.

mod spdx;

use std::collections::BTreeSet;
use std::fs;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::repo;
use crate::shell::cargo;

/// What may be in Hark.
const SHIPPED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MPL-2.0",
    "MPL-2.0+",
    "Unicode-3.0",
    "Zlib",
];

/// What tools may have besides.
const TOOLS: &[&str] = &["BlueOak-1.0.0", "CC-BY-4.0", "MIT-0", "Python-2.0", "Unlicense"];

/// Packages that name no licence but carry its text, which was read.
const READ: &[(&str, &str)] = &[("svelte-toolbelt", "MIT")];

/// The outcome: how many packages were looked at, and those that offend.
pub(crate) struct Checked {
    pub(crate) packages: usize,
    pub(crate) offenders: BTreeSet<String>,
}

/// `cargo xtask licences`
pub(crate) fn print() -> Result<ExitCode> {
    let checked = check()?;
    for offender in &checked.offenders {
        eprintln!("{offender}");
    }
    println!("{} packages, {} with a licence that does not fit", checked.packages, checked.offenders.len());
    Ok(if checked.offenders.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Looks at every package.
pub(crate) fn check() -> Result<Checked> {
    let mut checked = Checked { packages: 0, offenders: BTreeSet::new() };
    crates(&mut checked)?;
    window(&mut checked)?;
    Ok(checked)
}

fn crates(checked: &mut Checked) -> Result<()> {
    let metadata = cargo(["metadata", "--format-version", "1", "--locked", "--quiet"]).output()?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    for package in metadata["packages"].as_array().context("cargo metadata lists packages")? {
        let name = format!("{} {}", text(package, "name"), text(package, "version"));
        note(checked, &name, package["license"].as_str(), &[SHIPPED]);
    }
    Ok(())
}

fn window(checked: &mut Checked) -> Result<()> {
    let lock: Value = serde_json::from_str(&fs::read_to_string(repo::ui().join("package-lock.json"))?)?;
    for (path, package) in lock["packages"].as_object().context("the lock file lists packages")? {
        let short = path.rsplit("node_modules/").next().unwrap_or(path);
        let name = format!("{short} {} (npm)", text(package, "version"));
        let licence = package["license"].as_str().or_else(|| {
            let read = READ.iter().find(|(known, _)| known == &short);
            read.map(|(_, licence)| *licence)
        });
        let tool = package["dev"] == true;
        let allowed: &[&[&str]] = if tool { &[SHIPPED, TOOLS] } else { &[SHIPPED] };
        note(checked, &name, licence, allowed);
    }
    Ok(())
}

fn note(checked: &mut Checked, name: &str, licence: Option<&str>, allowed: &[&[&str]]) {
    checked.packages += 1;
    let fits =
        licence.is_some_and(|text| spdx::satisfied(text, |id| allowed.iter().any(|list| list.contains(&id))));
    if !fits {
        checked.offenders.insert(format!("{name}: {}", licence.unwrap_or("names no licence")));
    }
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or("?")
}
