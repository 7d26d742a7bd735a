//! Start to inbox: a fresh process opens a full store, lists every conversation and opens the longest.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::child::{Child, Role};
use crate::machine;
use crate::report::{Report, Target, at, times};
use crate::story::{self, CONVERSATIONS};
use crate::{Run, clock, filled};

const STARTS: usize = 20;
const PAGE: u32 = 50;

/// What one start took, in microseconds, and the memory it holds, in bytes.
#[derive(Serialize, Deserialize)]
struct Start {
    opened: u64,
    listed: u64,
    paged: u64,
    resident: u64,
}

/// Measures starts, each in a process of its own.
pub(crate) async fn bench(run: &Run) -> Result<Report> {
    let filled = run.filled().await?;
    let setup = format!(
        "{CONVERSATIONS} conversations, {} messages, encrypted store, {STARTS} starts",
        filled.messages
    );
    let mut report = Report::new("inbox", setup, machine::wait_for_quiet());
    let (mut opened, mut listed, mut paged) = (times()?, times()?, times()?);
    let mut resident: u64 = 0;
    for _ in 0..STARTS {
        let start: Start = serde_json::from_str(&Child::output(Role::Inbox, &filled.dir).await?)?;
        opened.saturating_record(start.opened);
        listed.saturating_record(start.listed);
        paged.saturating_record(start.paged);
        resident = resident.max(start.resident);
    }
    report.add("store opened, p50", at(&opened, 0.5), "ms");
    report.judge("start → every conversation listed, p50", at(&listed, 0.5), "ms", Target::AtMost(50.0));
    report.add("start → every conversation listed, worst", at(&listed, 1.0), "ms");
    report.judge(
        format!("longest conversation, first {PAGE}, p50"),
        at(&paged, 0.5),
        "ms",
        Target::AtMost(10.0),
    );
    report.add(format!("longest conversation, first {PAGE}, worst"), at(&paged, 1.0), "ms");
    report.judge("memory after it, worst", resident as f64 / 1e6, "MB", Target::AtMost(50.0));
    report.add("first sync (20 messages each) → stored", filled.first_sync.as_secs_f64() * 1000.0, "ms");
    Ok(report)
}

/// One start, in the child.
pub(crate) async fn probe(dir: &Path) -> Result<()> {
    let started = clock::now();
    let engine = filled::open(dir).await?;
    let opened = started.elapsed();
    let conversations = engine.conversations("").await?;
    let listed = started.elapsed();
    ensure!(conversations.len() == CONVERSATIONS, "{} conversations", conversations.len());
    let contact = story::contact(0);
    let longest =
        conversations.iter().find(|c| c.id.0 == contact).context("the longest conversation is missing")?;
    let started = clock::now();
    let page = engine.timeline(&longest.id, None, PAGE).await?;
    let paged = started.elapsed();
    ensure!(page.messages.len() == PAGE as usize, "{} messages", page.messages.len());
    let start = Start {
        opened: opened.as_micros() as u64,
        listed: listed.as_micros() as u64,
        paged: paged.as_micros() as u64,
        resident: machine::resident(std::process::id()).unwrap_or(0),
    };
    println!("{}", serde_json::to_string(&start)?);
    engine.close().await;
    Ok(())
}
