//! The Rust lane: one compilation of everything, then its test programs, and lints beside them.
//!
//! `--workspace --all-targets` everywhere: another selection would unify features differently and compile dependencies
//! twice. The test programs are run from here and not by `cargo test`, so that two run at once, and while clippy holds
//! the build folder.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Result, bail};
use serde_json::Value;

use super::board::Board;
use super::{Gates, count, window};
use crate::shell::{Said, call, cargo};

/// When a test program is taken to hang.
const HANGS: Duration = Duration::from_mins(15);

/// A program full of tests.
#[derive(Debug)]
struct TestProgram {
    path: PathBuf,
    /// Folder of its package, where it runs.
    folder: PathBuf,
    /// `hark-server`, or `hark-tests: interop`.
    name: String,
    package: String,
    target: String,
}

/// Builds, tests and lints.
pub(crate) fn lane(board: &Board, gates: &Gates, quick: bool) {
    if !quick {
        // The window is compiled into the program. Fetching the crates fills the time.
        board.set_up("the crates", || cargo(["fetch", "--locked", "--quiet"]).run());
        gates.window.pass();
    }
    let mut programs = Vec::new();
    let compiled = board.set_up("compile", || {
        programs = compile(quick)?;
        Ok(())
    });
    thread::scope(|lanes| {
        if compiled {
            lanes.spawn(|| {
                run(board, gates, programs);
                if !quick {
                    window::browser_tests(board, gates);
                    window::desktop_tests(board, gates);
                }
            });
        }
        board.check("clippy", || {
            let lints = ["clippy", "--workspace", "--all-targets", "--quiet", "--", "--deny", "warnings"];
            cargo(lints).listen()
        });
        if compiled && !quick {
            let documented = || cargo(["test", "--workspace", "--doc", "--quiet"]).listen();
            board.tests("doc tests", documented, |said| count::libtest(&said.text, said.ok));
        }
    });
}

/// Compiles all there is and lists the test programs, small ones first.
fn compile(quick: bool) -> Result<Vec<TestProgram>> {
    let selection: &[&str] =
        if quick { &["test", "--no-run", "--lib", "--bins"] } else { &["build", "--all-targets"] };
    let options = ["--workspace", "--message-format=json-render-diagnostics"];
    let mut child = cargo(selection.iter().chain(&options)).start()?;
    let mut programs = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).lines() {
            programs.extend(serde_json::from_str(&line?).ok().as_ref().and_then(test_program));
        }
    }
    if !child.wait()?.success() {
        bail!("it does not compile; the errors stand above");
    }
    // Whole-system tests take longest and come last; the order is otherwise the alphabet's.
    programs.sort_by_key(|program| (program.package == "hark-tests", program.name.clone()));
    Ok(programs)
}

fn test_program(message: &Value) -> Option<TestProgram> {
    if message["reason"] != "compiler-artifact" || message["profile"]["test"] != true {
        return None;
    }
    let path = PathBuf::from(message["executable"].as_str()?);
    let folder = Path::new(message["manifest_path"].as_str()?).parent()?.to_owned();
    let kind = message["target"]["kind"][0].as_str()?;
    let target = message["target"]["name"].as_str()?.to_owned();
    // `path+file:///…/crates/hark-server#0.1.0`, or `…/tests#hark-tests@0.1.0` where the folder is called otherwise.
    let id = message["package_id"].as_str()?;
    let (place, version) = id.split_once('#')?;
    let package = match version.split_once('@') {
        Some((name, _)) => name.to_owned(),
        None => place.rsplit('/').next()?.to_owned(),
    };
    let name = match kind {
        "lib" => package.clone(),
        "bin" => format!("{package} (program {target})"),
        _ => format!("{package}: {target}"),
    };
    Some(TestProgram { path, folder, name, package, target })
}

/// Runs the programs, as many at once as there are cores.
fn run(board: &Board, gates: &Gates, programs: Vec<TestProgram>) {
    let waiting = Mutex::new(VecDeque::from(programs));
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    let cores = thread::available_parallelism().map_or(2, std::num::NonZero::get);
    thread::scope(|workers| {
        for _ in 0..cores {
            workers.spawn(|| {
                while let Some(program) = next() {
                    run_one(board, gates, &program);
                }
            });
        }
    });
}

fn run_one(board: &Board, gates: &Gates, program: &TestProgram) {
    if program.target.starts_with("interop") && !gates.python.pass() {
        board.check(&program.name, || bail!("not run: there is no Python environment"));
        return;
    }
    let run = || -> Result<Said> {
        call(&program.path, ["--quiet"])
            .within(&program.folder)
            .env("CARGO_MANIFEST_DIR", &program.folder)
            .env("INSTA_UPDATE", "no")
            .env("RUST_BACKTRACE", "1")
            .listen_for(HANGS)
    };
    board.tests(&program.name, run, |said| count::libtest(&said.text, said.ok));
}
