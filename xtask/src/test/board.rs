//! Where the lanes report, and the sum at the end.

use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Result;

use super::count::Count;
use crate::shell::Said;

/// What came of one thing that was run.
pub(crate) struct Outcome {
    /// What it was.
    pub(crate) name: String,
    /// Its tests.
    pub(crate) count: Count,
    /// All it said.
    pub(crate) log: String,
    /// How long it took.
    pub(crate) took: Duration,
}

/// All outcomes so far.
pub(crate) struct Board {
    outcomes: Mutex<Vec<Outcome>>,
    started: Instant,
}

impl Board {
    /// An empty one; its clock runs.
    pub(crate) fn start() -> Self {
        Self { outcomes: Mutex::default(), started: now() }
    }

    /// Something that passes or fails as a whole, and counts as one test.
    pub(crate) fn check(&self, name: &str, work: impl FnOnce() -> Result<Said>) -> bool {
        self.tests(name, work, |said| if said.ok { Count::passed(1) } else { Count::failed(1) })
    }

    /// Something that must be done before tests can run; it counts only where it fails.
    pub(crate) fn set_up(&self, name: &str, work: impl FnOnce() -> Result<()>) -> bool {
        match work() {
            Ok(()) => true,
            Err(error) => self.check(name, || Err(error)),
        }
    }

    /// A runner of tests, and how to count what it said. One that could not be run is one failure.
    pub(crate) fn tests(
        &self,
        name: &str,
        work: impl FnOnce() -> Result<Said>,
        count: impl FnOnce(&Said) -> Count,
    ) -> bool {
        let started = now();
        let (count, log) = match work() {
            Ok(said) => (count(&said), said.text),
            Err(error) => (Count::failed(1), format!("{error:#}")),
        };
        let good = count.failed == 0;
        self.note(Outcome { name: name.to_owned(), count, log, took: started.elapsed() });
        good
    }

    fn note(&self, outcome: Outcome) {
        let Outcome { name, count, took, .. } = &outcome;
        let mark = if count.failed == 0 { "ok  " } else { "FAIL" };
        if *count != Count::default() {
            println!("{mark} {name:<44} {count:<36} {:>6.1} s", took.as_secs_f64());
        }
        self.outcomes.lock().unwrap_or_else(PoisonError::into_inner).push(outcome);
    }

    /// Prints what failed, then the sum.
    pub(crate) fn finish(self) -> ExitCode {
        let outcomes = self.outcomes.into_inner().unwrap_or_else(PoisonError::into_inner);
        for outcome in outcomes.iter().filter(|outcome| outcome.count.failed > 0) {
            println!("\n──── {} ────", outcome.name);
            for line in outcome.log.lines().filter(|line| !line.ends_with(" ... ok")) {
                println!("{line}");
            }
        }
        let passed = outcomes.iter().map(|outcome| outcome.count.passed).sum::<u32>();
        let failed = outcomes.iter().map(|outcome| outcome.count.failed).sum::<u32>();
        println!("\n{:.0} s", self.started.elapsed().as_secs_f64());
        println!("{passed} passed, {failed} failed");
        if failed == 0 && passed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place of xtask that reads the clock")]
fn now() -> Instant {
    Instant::now()
}
