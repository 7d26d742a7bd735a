//! What a bench says: a table for a person, JSON for a script.

use std::fmt::Write as _;

use anyhow::Result;
use hdrhistogram::Histogram;
use serde::Serialize;

use crate::machine::QUIET;

/// The outcome of one bench.
#[derive(Serialize)]
pub(crate) struct Report {
    /// Name on the command line.
    pub(crate) bench: &'static str,
    /// What was done: room layout, transport, what an acknowledgement means.
    pub(crate) setup: String,
    /// Other load just before, in percent of all cores; none where it is not known.
    pub(crate) other_load_before: Option<f64>,
    /// Other load while measuring.
    pub(crate) other_load_during: Option<f64>,
    /// The figures.
    pub(crate) figures: Vec<Figure>,
}

/// One line of the table.
#[derive(Serialize)]
pub(crate) struct Figure {
    /// What was measured.
    pub(crate) what: String,
    /// How much.
    pub(crate) value: f64,
    /// Of what.
    pub(crate) unit: &'static str,
    /// What it should be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) target: Option<Target>,
}

/// The bound a figure should keep.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Target {
    /// Not more than.
    AtMost(f64),
    /// Not less than.
    AtLeast(f64),
}

impl Target {
    fn met(self, value: f64) -> bool {
        match self {
            Self::AtMost(bound) => value <= bound,
            Self::AtLeast(bound) => value >= bound,
        }
    }
}

impl Report {
    /// An empty report.
    pub(crate) fn new(bench: &'static str, setup: impl Into<String>, other_load_before: Option<f64>) -> Self {
        Self { bench, setup: setup.into(), other_load_before, other_load_during: None, figures: Vec::new() }
    }

    /// Notes the other load of a stretch of measuring; the highest is told.
    pub(crate) fn saw_load(&mut self, percent: Option<f64>) {
        let highest = self.other_load_during.into_iter().chain(percent).reduce(f64::max);
        self.other_load_during = highest;
    }

    /// Adds a figure without a bound.
    pub(crate) fn add(&mut self, what: impl Into<String>, value: f64, unit: &'static str) {
        self.figures.push(Figure { what: what.into(), value, unit, target: None });
    }

    /// Adds a figure that has a bound.
    pub(crate) fn judge(&mut self, what: impl Into<String>, value: f64, unit: &'static str, target: Target) {
        self.figures.push(Figure { what: what.into(), value, unit, target: Some(target) });
    }

    /// Adds median, 95th and 99th percentile of a histogram of microseconds, in milliseconds.
    pub(crate) fn add_times(&mut self, what: &str, times: &Histogram<u64>) {
        for (name, quantile) in [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)] {
            self.add(format!("{what}, {name}"), at(times, quantile), "ms");
        }
    }

    /// A figure added before, by its name.
    pub(crate) fn value(&self, what: &str) -> Option<f64> {
        self.figures.iter().find(|figure| figure.what == what).map(|figure| figure.value)
    }

    /// The table.
    pub(crate) fn table(&self) -> String {
        let quiet = self.is_quiet();
        let width = self.figures.iter().map(|figure| figure.what.chars().count()).max().unwrap_or(0);
        let mut out = format!("\n{}: {}\n", self.bench, self.setup);
        let load =
            |load: Option<f64>| load.map_or("not known".to_owned(), |percent| format!("{percent:.0} %"));
        let _ = writeln!(
            out,
            "other load: {} before, {} during",
            load(self.other_load_before),
            load(self.other_load_during)
        );
        if !quiet {
            let _ =
                writeln!(out, "WARNING: the machine is busy with other work; these figures are not judged.");
        }
        for figure in &self.figures {
            let number = digits(figure.value);
            let _ = write!(out, "  {:width$}  {number:>10} {:5}", figure.what, figure.unit);
            if let Some(target) = figure.target {
                let (sign, bound) = match target {
                    Target::AtMost(bound) => ('≤', bound),
                    Target::AtLeast(bound) => ('≥', bound),
                };
                let verdict = match (quiet, target.met(figure.value)) {
                    (false, _) => "not judged",
                    (true, true) => "met",
                    (true, false) => "MISSED",
                };
                let _ = write!(out, "  {sign} {:<8} {verdict}", digits(bound));
            }
            out.truncate(out.trim_end().len());
            out.push('\n');
        }
        out
    }

    fn is_quiet(&self) -> bool {
        [self.other_load_before, self.other_load_during].iter().flatten().all(|percent| *percent < QUIET)
    }
}

/// An empty histogram of microseconds, up to a minute.
pub(crate) fn times() -> Result<Histogram<u64>> {
    Ok(Histogram::new_with_bounds(1, 60_000_000, 3)?)
}

/// A quantile of a histogram of microseconds, in milliseconds.
pub(crate) fn at(times: &Histogram<u64>, quantile: f64) -> f64 {
    times.value_at_quantile(quantile) as f64 / 1000.0
}

fn digits(value: f64) -> String {
    match value.abs() {
        v if v >= 100.0 => format!("{value:.0}"),
        v if v >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_times_are_counted_as_what_they_are() {
        let mut histogram = times().unwrap();
        for microseconds in [900, 52_000, 3_000_000] {
            histogram.saturating_record(microseconds);
        }
        assert!((at(&histogram, 0.5) - 52.0).abs() < 0.1);
        assert!((at(&histogram, 1.0) - 3000.0).abs() < 2.0);
    }
}
