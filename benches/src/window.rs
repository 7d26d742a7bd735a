//! The real window: from the start of its process to the inbox on the screen, and what it holds of memory.

use std::collections::BTreeMap;

use anyhow::Result;

use crate::desk::Desk;
use crate::report::{Report, Target, at, times};
use crate::story::CONVERSATIONS;
use crate::{Run, machine};

const STARTS: usize = 10;

/// Measures starts; the first one, which fills the system's caches, apart.
pub(crate) async fn start(run: &Run) -> Result<Report> {
    let filled = run.filled().await?;
    let setup = format!(
        "{CONVERSATIONS} conversations, {} messages, Xvfb, software rendering, {STARTS} starts after a first",
        filled.messages
    );
    let desk = Desk::start().await?;
    let mut report = Report::new("start", setup, machine::wait_for_quiet());
    let first = desk.open(&filled.dir).await?;
    report.add("process → inbox drawn, first", first.drawn.as_secs_f64() * 1000.0, "ms");
    first.close().await?;
    let mut drawn = times()?;
    for _ in 0..STARTS {
        let window = desk.open(&filled.dir).await?;
        drawn.saturating_record(window.drawn.as_micros() as u64);
        window.close().await?;
    }
    report.judge("process → inbox drawn, p50", at(&drawn, 0.5), "ms", Target::AtMost(1000.0));
    report.add("process → inbox drawn, worst", at(&drawn, 1.0), "ms");
    Ok(report)
}

/// Measures memory: each process' proportional share (PSS), its own pages and its part of those it shares.
pub(crate) async fn memory(run: &Run) -> Result<Report> {
    let filled = run.filled().await?;
    let setup = format!("{CONVERSATIONS} conversations, {} messages, inbox drawn, PSS", filled.messages);
    let desk = Desk::start().await?;
    let mut report = Report::new("memory", setup, machine::wait_for_quiet());
    let window = desk.open(&filled.dir).await?;
    let mut shares: BTreeMap<String, u64> = BTreeMap::new();
    for (name, pss) in machine::family(window.pid) {
        *shares.entry(name).or_default() += pss;
    }
    for (name, pss) in &shares {
        report.add(name.clone(), *pss as f64 / 1e6, "MB");
    }
    report.add("all of it", shares.values().sum::<u64>() as f64 / 1e6, "MB");
    window.close().await?;
    Ok(report)
}
