//! Words in a full, encrypted store: newest first, and while typing.

use std::path::Path;

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

use crate::child::{Child, Role};
use crate::corpus::Corpus;
use crate::machine;
use crate::report::{Report, Target};
use crate::{Run, clock, filled};

const QUERIES: usize = 500;
const NEWEST: u32 = 20;

/// Percentiles in milliseconds, and memory in bytes.
#[derive(Serialize, Deserialize)]
struct Times {
    kind: String,
    p50: f64,
    p95: f64,
    p99: f64,
    hits: usize,
}

#[derive(Serialize, Deserialize)]
struct Outcome {
    times: Vec<Times>,
    resident: u64,
}

/// Measures in a process of its own.
pub(crate) async fn bench(run: &Run) -> Result<Report> {
    let filled = run.filled().await?;
    let setup =
        format!("{} messages, encrypted store, newest {NEWEST}, {QUERIES} queries each", filled.messages);
    let mut report = Report::new("search", setup, machine::wait_for_quiet());
    let outcome: Outcome = serde_json::from_str(&Child::output(Role::Search, &filled.dir).await?)?;
    for Times { kind, p50, p95, p99, hits } in outcome.times {
        report.add(format!("{kind}, p50"), p50, "ms");
        let bound = if kind == "prefix while typing" { 8.0 } else { 4.0 };
        report.judge(format!("{kind}, p95"), p95, "ms", Target::AtMost(bound));
        report.add(format!("{kind}, p99"), p99, "ms");
        report.add(format!("{kind}, hits"), hits as f64, "");
    }
    report.judge("stored and indexed on sync", filled.per_second, "/s", Target::AtLeast(15_000.0));
    report.judge("memory after it", outcome.resident as f64 / 1e6, "MB", Target::AtMost(50.0));
    Ok(report)
}

/// All queries, in the child.
pub(crate) async fn probe(dir: &Path) -> Result<()> {
    let engine = filled::open(dir).await?;
    // Other words than the story's, by the same frequencies.
    let mut corpus = Corpus::new(2);
    let mut times = Vec::new();
    type Query = fn(&mut Corpus) -> String;
    let kinds: [(&str, Query); 3] = [
        ("one word", |corpus| corpus.word().to_owned() + " "),
        ("two words", |corpus| format!("{} {} ", corpus.word().to_owned(), corpus.word())),
        ("prefix while typing", |corpus| corpus.word().chars().take(3).collect()),
    ];
    for (kind, query) in kinds {
        let mut histogram = crate::report::times()?;
        let mut hits = 0;
        for _ in 0..QUERIES {
            let words = query(&mut corpus);
            let started = clock::now();
            hits += engine.search(&words, NEWEST).await?.len();
            histogram.saturating_record(started.elapsed().as_micros() as u64);
        }
        ensure!(hits > 0, "nothing was found at all: {kind}");
        let at = |quantile| crate::report::at(&histogram, quantile);
        times.push(Times { kind: kind.into(), p50: at(0.5), p95: at(0.95), p99: at(0.99), hits });
    }
    let outcome = Outcome { times, resident: machine::resident(std::process::id()).unwrap_or(0) };
    println!("{}", serde_json::to_string(&outcome)?);
    engine.close().await;
    Ok(())
}
