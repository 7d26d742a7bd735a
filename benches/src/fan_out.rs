//! One message in a large room: until every member's long poll has answered.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::json;
use tokio::sync::mpsc;

use crate::crowd::Crowd;
use crate::machine::{self, LoadWatch};
use crate::report::{Report, Target, at, times};
use crate::{Run, clock};

const MEMBERS: usize = 1_000;
const MESSAGES: usize = 40;
const WARM_UP: usize = 5;
/// Between two messages: all wait again by then.
const PAUSE: Duration = Duration::from_millis(300);
const TIMEOUT: u64 = 60_000;

/// Measures from before the request to send until the first, the middle and the last reader has its answer. The readers' own
/// work is part of it: they share the machine.
pub(crate) async fn bench(run: &Run) -> Result<Report> {
    let setup =
        format!("one room of {MEMBERS} members, each with a long poll /sync on a connection of its own");
    let mut report = Report::new("fan_out", setup, machine::wait_for_quiet());
    let dir = tempfile::tempdir_in(run.dir())?;
    let crowd = Crowd::start(dir.path(), MEMBERS).await?;
    let mut http = crowd.http().await?;
    let room = crowd.room(&mut http, 0).await?;
    crowd.each(MEMBERS - 1, async |http, n| crowd.join(http, n + 1, &room).await).await?;
    let (seen, mut answers) = mpsc::unbounded_channel();
    for person in 0..MEMBERS {
        let filter =
            json!({ "room": { "timeline": { "limit": 10 }, "state": { "lazy_load_members": true } } });
        let mut reader = crowd.reader(person, &filter).await?;
        reader.sync(0).await?;
        tokio::spawn(reader.follow(TIMEOUT, seen.clone()));
    }
    let watch = LoadWatch::start(&[crowd.child.pid()]);
    let (mut first, mut middle, mut last) = (times()?, times()?, times()?);
    for number in 0..WARM_UP + MESSAGES {
        tokio::time::sleep(PAUSE).await;
        let began = clock::now();
        crowd.send(&mut http, 0, &room, number).await?;
        for count in 1..=MEMBERS {
            let ended: Instant = answers.recv().await.context("the readers have ended")?;
            let into = match count {
                1 => &mut first,
                MEMBERS => &mut last,
                _ if count == MEMBERS / 2 => &mut middle,
                _ => continue,
            };
            if number >= WARM_UP {
                into.saturating_record((ended - began).as_micros() as u64);
            }
        }
    }
    report.saw_load(watch.percent());
    report.add_times("first answered", &first);
    report.add_times("half have answered", &middle);
    report.judge("all have answered, p50", at(&last, 0.5), "ms", Target::AtMost(100.0));
    report.add("all have answered, p99", at(&last, 0.99), "ms");
    crowd.child.stop().await?;
    Ok(report)
}
