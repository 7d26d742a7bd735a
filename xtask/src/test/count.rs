//! Counting tests from what their runners print.

use std::fmt;

use serde_json::Value;

/// How many tests passed, failed, and were left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) passed: u32,
    pub(crate) failed: u32,
    pub(crate) ignored: u32,
}

impl Count {
    /// So many, all good.
    pub(crate) fn passed(passed: u32) -> Self {
        Self { passed, ..Self::default() }
    }

    /// So many, all bad.
    pub(crate) fn failed(failed: u32) -> Self {
        Self { failed, ..Self::default() }
    }

    /// A runner that ended badly without naming a test that did has failed once.
    fn unless_ok(mut self, ok: bool) -> Self {
        if !ok && self.failed == 0 {
            self.failed = 1;
        }
        self
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |number: u32, word| if number == 0 { String::new() } else { format!(", {number} {word}") };
        let failed = part(self.failed, "failed");
        f.pad(&format!("{} passed{failed}{}", self.passed, part(self.ignored, "ignored")))
    }
}

/// Rust's test harness: `test result: ok. 12 passed; 0 failed; 1 ignored; …`, once or several times.
pub(crate) fn libtest(text: &str, ok: bool) -> Count {
    let mut count = Count::default();
    let mut results = 0;
    for line in text.lines().filter_map(|line| line.strip_prefix("test result: ")) {
        results += 1;
        count.passed += before(line, " passed");
        count.failed += before(line, " failed");
        count.ignored += before(line, " ignored");
    }
    count.unless_ok(ok && results > 0)
}

/// vitest's JSON report.
pub(crate) fn vitest(report: &str, ok: bool) -> Count {
    let Ok(report) = serde_json::from_str::<Value>(report) else { return Count::failed(1) };
    let number =
        |field: &str| report[field].as_u64().and_then(|number| u32::try_from(number).ok()).unwrap_or(0);
    let count = Count {
        passed: number("numPassedTests"),
        failed: number("numFailedTests"),
        ignored: number("numPendingTests") + number("numTodoTests"),
    };
    count.unless_ok(ok)
}

/// Node's test runner, TAP report: `# pass 3` and its kin at the end.
pub(crate) fn node(report: &str, ok: bool) -> Count {
    let number = |name: &str| {
        let line = report.lines().rev().find_map(|line| line.strip_prefix("# ")?.strip_prefix(name));
        line.and_then(|rest| rest.trim().parse::<u32>().ok())
    };
    let Some(passed) = number("pass ") else { return Count::failed(1) };
    let failed = number("fail ").unwrap_or(0) + number("cancelled ").unwrap_or(0);
    let ignored = number("skipped ").unwrap_or(0) + number("todo ").unwrap_or(0);
    Count { passed, failed, ignored }.unless_ok(ok)
}

/// The number that stands before `word`.
fn before(line: &str, word: &str) -> u32 {
    let number = line.split(word).next().and_then(|head| head.rsplit(' ').next());
    number.and_then(|text| text.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rust_results_are_summed() {
        let text = "running 3 tests\ntest a ... ok\n\
            test result: FAILED. 12 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.01s\n\
            test result: ok. 30 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s\n";
        assert_eq!(libtest(text, false), Count { passed: 42, failed: 1, ignored: 2 });
    }

    #[test]
    fn a_runner_that_dies_is_a_failure() {
        assert_eq!(libtest("running 3 tests\n", false), Count::failed(1));
        assert_eq!(
            libtest("test result: ok. 3 passed; 0 failed;\n", false),
            Count { passed: 3, failed: 1, ignored: 0 }
        );
        assert_eq!(vitest("", true), Count::failed(1));
        assert_eq!(node("TAP version 13\n", true), Count::failed(1));
    }

    #[test]
    fn a_runner_without_any_result_is_a_failure() {
        assert_eq!(libtest("", true), Count::failed(1));
    }

    #[test]
    fn the_window_tests_are_counted_from_their_reports() {
        let report = r#"{"numPassedTests":7,"numFailedTests":1,"numPendingTests":2,"numTodoTests":0}"#;
        assert_eq!(vitest(report, false), Count { passed: 7, failed: 1, ignored: 2 });
        let report = "TAP version 13\nok 1 - pass 9\n1..5\n# tests 5\n# pass 3\n# fail 1\n# cancelled 1\n# skipped 0\n";
        assert_eq!(node(report, false), Count { passed: 3, failed: 2, ignored: 0 });
    }
}
