//! A client that knows nothing yet: what the server takes to tell it everything, and what memory.

use anyhow::Result;
use serde_json::{Value, json};

use crate::crowd::Crowd;
use crate::machine::{self, LoadWatch};
use crate::report::{Report, Target, at, times};
use crate::{Run, clock};

const ROOMS: usize = 1_000;
const MESSAGES: usize = 20;
const TURNS: usize = 9;

/// Measures first syncs with the timelines and members that clients ask for.
pub(crate) async fn bench(run: &Run) -> Result<Report> {
    let setup = format!("{ROOMS} two-person rooms of {MESSAGES} messages, from the request to the last byte");
    let mut report = Report::new("first_sync", setup, machine::wait_for_quiet());
    let dir = tempfile::tempdir_in(run.dir())?;
    let mut crowd = Crowd::start(dir.path(), 2).await?;
    fill(&crowd).await?;
    for (name, filter) in filters() {
        // Each with a server that has answered nobody yet, so that the growth is all its own.
        crowd = crowd.restart(dir.path()).await?;
        crowd.whoami(&mut crowd.http().await?, 0).await?;
        let pid = crowd.child.pid();
        let before = machine::resident(pid);
        let watch = LoadWatch::start(&[pid]);
        let (mut spent, mut bytes) = (times()?, 0);
        for _ in 0..TURNS {
            let mut reader = crowd.reader(0, &filter).await?;
            let began = clock::now();
            bytes = reader.sync(0).await?.len();
            spent.saturating_record(began.elapsed().as_micros() as u64);
        }
        report.saw_load(watch.percent());
        report.judge(format!("{name}: p50"), at(&spent, 0.5), "ms", Target::AtMost(300.0));
        report.add(format!("{name}: slowest"), at(&spent, 1.0), "ms");
        report.add(format!("{name}: answer"), bytes as f64 / 1e6, "MB");
        if let (Some(before), Some(peak)) = (before, machine::peak_resident(pid)) {
            report.add(
                format!("{name}: server memory above idle, peak"),
                peak.saturating_sub(before) as f64 / 1e6,
                "MB",
            );
        }
    }
    crowd.child.stop().await?;
    Ok(report)
}

fn filters() -> [(&'static str, Value); 3] {
    let limit = MESSAGES;
    [
        ("20 messages a room", json!({ "room": { "timeline": { "limit": limit } } })),
        ("no filter", json!({})),
        (
            "20 messages, lazy members",
            json!({ "room": { "timeline": { "limit": limit }, "state": { "lazy_load_members": true } } }),
        ),
    ]
}

async fn fill(crowd: &Crowd) -> Result<()> {
    crowd
        .each(ROOMS, async |http, _| {
            let room = crowd.room(http, 0).await?;
            crowd.join(http, 1, &room).await?;
            for number in 0..MESSAGES {
                crowd.send(http, number % 2, &room, number).await?;
            }
            Ok(())
        })
        .await
        .map(drop)
}
