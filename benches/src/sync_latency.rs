//! One person writes, the other's long poll answers: how long a message takes to the other side.

use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::json;
use tokio::sync::mpsc;

use crate::crowd::Crowd;
use crate::machine::{self, LoadWatch};
use crate::report::{Report, Target, at, times};
use crate::{Run, clock, disk};

/// Between two messages: the reader waits again by then.
const PAUSE: Duration = Duration::from_millis(10);
const WARM_UP: usize = 50;
/// How long a client waits for news.
const TIMEOUT: u64 = 30_000;

/// Measures from before the request to send until the reader has its whole answer.
pub(crate) async fn bench(run: &Run) -> Result<Report> {
    let setup =
        "two-person room, from the request to send to the end of the other's long poll /sync, every 10 ms";
    let mut report = Report::new("sync_latency", setup, machine::wait_for_quiet());
    let dir = tempfile::tempdir_in(run.dir())?;
    let crowd = Crowd::start(dir.path(), 2).await?;
    let mut http = crowd.http().await?;
    let room = crowd.room(&mut http, 0).await?;
    crowd.join(&mut http, 1, &room).await?;
    let (seen, mut answers) = mpsc::unbounded_channel();
    let mut reader = crowd.reader(1, &json!({})).await?;
    reader.sync(0).await?;
    let reading = tokio::spawn(reader.follow(TIMEOUT, seen));

    let watch = LoadWatch::start(&[crowd.child.pid()]);
    let count = run.time.as_secs() as usize * 60;
    let cost = disk::sync_cost(run.dir(), count as u64, PAUSE)?;
    let mut spent = times()?;
    for number in 0..WARM_UP + count {
        tokio::time::sleep(PAUSE).await;
        let began = clock::now();
        crowd.send(&mut http, 0, &room, number).await?;
        let ended = answers.recv().await.context("the reader has ended")?;
        if number >= WARM_UP {
            spent.saturating_record((ended - began).as_micros() as u64);
        }
    }
    reading.abort();
    report.saw_load(watch.percent());
    report.add_times("send to answered long poll", &spent);
    report.add("F, p50", at(&cost, 0.5), "ms");
    report.add("F, p99", at(&cost, 0.99), "ms");
    report.judge("− F, p50", at(&spent, 0.5) - at(&cost, 0.5), "ms", Target::AtMost(2.0));
    report.judge("− F, p99", at(&spent, 0.99) - at(&cost, 0.99), "ms", Target::AtMost(8.0));
    crowd.child.stop().await?;
    Ok(report)
}
