//! What the server holds: with nobody there, after a day's messages, and for each client that waits for news.

use std::time::Duration;

use anyhow::Result;
use serde_json::json;

use crate::Run;
use crate::crowd::Crowd;
use crate::machine::{self, LoadWatch};
use crate::report::{Report, Target};

const ROOMS: usize = 1_000;
const EVENTS: usize = 100_000;
const POLLS: usize = 1_000;
/// Clients that came and went before, so that what is made once is not counted as theirs.
const BEFORE: usize = 50;
const TIMEOUT: u64 = 60_000;
/// Until all polls wait and the server has nothing left to do.
const SETTLED: Duration = Duration::from_secs(2);

/// Measures resident memory.
pub(crate) async fn bench(run: &Run) -> Result<Report> {
    let setup = format!("{EVENTS} messages in {ROOMS} two-person rooms, then {POLLS} users' long polls");
    let mut report = Report::new("server_memory", setup, machine::wait_for_quiet());
    let dir = tempfile::tempdir_in(run.dir())?;
    let crowd = Crowd::start(dir.path(), POLLS).await?;
    report.judge("idle", crowd.at_start as f64 / 1e6, "MB", Target::AtMost(15.0));
    report.add(format!("after {POLLS} registrations"), megabytes(&crowd), "MB");
    let watch = LoadWatch::start(&[crowd.child.pid()]);
    crowd
        .each(ROOMS, async |http, n| {
            let pair = [n % POLLS, (n + 1) % POLLS];
            let room = crowd.room(http, pair[0]).await?;
            crowd.join(http, pair[1], &room).await?;
            for number in 0..EVENTS / ROOMS {
                crowd.send(http, pair[number % 2], &room, number).await?;
            }
            Ok(())
        })
        .await?;
    tokio::time::sleep(SETTLED).await;
    report.judge(format!("after {EVENTS} messages"), megabytes(&crowd), "MB", Target::AtMost(40.0));

    let mut readers = Vec::new();
    for person in 0..POLLS {
        readers.push(crowd.reader(person, &json!({ "room": { "timeline": { "limit": 1 } } })).await?);
    }
    for reader in &mut readers[..BEFORE] {
        reader.sync(0).await?;
    }
    let before = machine::resident(crowd.child.pid()).unwrap_or(0);
    for reader in &mut readers {
        reader.sync(0).await?;
    }
    let polls: Vec<_> = readers
        .into_iter()
        .map(|mut reader| tokio::spawn(async move { reader.sync(TIMEOUT).await.map(drop) }))
        .collect();
    tokio::time::sleep(SETTLED).await;
    let after = machine::resident(crowd.child.pid()).unwrap_or(0);
    let each = after.saturating_sub(before) as f64 / POLLS as f64 / 1e3;
    report.judge("each idle long poll", each, "KB", Target::AtMost(15.0));
    report.add(format!("with {POLLS} long polls"), after as f64 / 1e6, "MB");
    report.saw_load(watch.percent());
    polls.iter().for_each(tokio::task::JoinHandle::abort);
    crowd.child.stop().await?;
    Ok(report)
}

fn megabytes(crowd: &Crowd) -> f64 {
    machine::resident(crowd.child.pid()).map_or(f64::NAN, |bytes| bytes as f64 / 1e6)
}
