//! The window lane: lint, types, unit tests and build of ui/; later the window in a real browser.

use std::fs;
use std::path::PathBuf;

use anyhow::{Result, bail};

use super::board::Board;
use super::{Gates, count};
use crate::shell::{Said, call, npm};
use crate::{repo, setup};

/// Sets up, builds, checks.
pub(crate) fn lane(board: &Board, gates: &Gates, quick: bool) {
    let installed = board.set_up("the window's packages", setup::node::modules);
    let built = installed && !quick && board.check("window: build", build);
    gates.window.open(built);
    if !installed {
        return;
    }
    board.check("window: lint", || npm(["run", "--silent", "lint"]).listen());
    board.check("window: types", || npm(["run", "--silent", "check"]).listen());
    let report = report("vitest.json");
    let unit_tests = || {
        let file = format!("--outputFile.json={}", report.display());
        fresh(&report)?;
        npm(["run", "--silent", "test", "--", "--reporter=default", "--reporter=json", &file]).listen()
    };
    board.tests("window: unit tests", unit_tests, |said| count::vitest(&read(&report), said.ok));
}

fn build() -> Result<Said> {
    if setup::node::is_built()? {
        return Ok(Said { ok: true, text: String::new() });
    }
    let said = npm(["run", "--silent", "build"]).listen()?;
    if said.ok {
        setup::node::note_built()?;
    }
    Ok(said)
}

/// Chromium drives the built program (tests/browser).
pub(crate) fn browser_tests(board: &Board, gates: &Gates) {
    node_tests(board, "browser", gates.window.pass().then_some(()).ok_or("the window is not built"));
}

/// WebKit drives the built window on a screen of its own (tests/desktop).
pub(crate) fn desktop_tests(board: &Board, gates: &Gates) {
    if !cfg!(target_os = "linux") {
        eprintln!("desktop: not run, it takes Linux");
        return;
    }
    let ready = match (gates.window.pass(), gates.driver.pass()) {
        (true, true) => Ok(()),
        (false, _) => Err("the window is not built"),
        (_, false) => Err("the window's driver is not installed"),
    };
    node_tests(board, "desktop", ready);
}

/// Runs the tests of a folder of tests/ by Node's own runner, one file after the other.
fn node_tests(board: &Board, folder: &str, ready: Result<(), &str>) {
    if let Err(why) = ready {
        board.check(folder, || bail!("not run: {why}"));
        return;
    }
    let report = report(&format!("{folder}.tap"));
    let run = || {
        fresh(&report)?;
        let spec = ["--test-reporter=spec", "--test-reporter-destination=stdout"].map(String::from);
        let tap = ["--test-reporter=tap".into(), format!("--test-reporter-destination={}", report.display())];
        let files = test_files(folder)?;
        let node = call(
            "node",
            ["--test".into(), "--test-concurrency=1".into()].into_iter().chain(spec).chain(tap).chain(files),
        );
        node.env("HARK_TAURI_DRIVER", setup::driver::program()).listen()
    };
    board.tests(folder, run, |said| count::node(&read(&report), said.ok));
}

fn test_files(folder: &str) -> Result<Vec<String>> {
    let folder = repo::root().join("tests").join(folder);
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path().display().to_string();
        if path.ends_with(".test.mjs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn report(name: &str) -> PathBuf {
    repo::target().join("setup").join(name)
}

/// An old report must not be counted.
fn fresh(report: &PathBuf) -> Result<()> {
    fs::create_dir_all(repo::target().join("setup"))?;
    if report.exists() {
        fs::remove_file(report)?;
    }
    Ok(())
}

fn read(report: &PathBuf) -> String {
    fs::read_to_string(report).unwrap_or_default()
}
