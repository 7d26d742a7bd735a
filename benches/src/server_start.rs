//! A server on a large database: from the start of the process to its first answer.

use std::path::PathBuf;

use anyhow::{Result, ensure};

use crate::child::Child;
use crate::crowd::Crowd;
use crate::http::Http;
use crate::machine::{self, LoadWatch};
use crate::report::{Report, Target, at, times};
use crate::{Run, clock};

const STARTS: usize = 11;
const PEOPLE: usize = 64;
const ROOMS: usize = 512;

/// Measures starts after a kill, which find what was not yet copied from the WAL into the database.
pub(crate) async fn bench(run: &Run) -> Result<Report> {
    let setup = format!("{} events in {ROOMS} rooms, after a kill, to the answer of /health", run.events);
    let dir = filled(run).await?;
    let mut report = Report::new("server_start", setup, machine::wait_for_quiet());
    let size = |name: &str| std::fs::metadata(dir.join(name)).map_or(0.0, |file| file.len() as f64 / 1e6);
    report.add("database", size("hark.db"), "MB");
    report.add("WAL", size("hark.db-wal"), "MB");
    let watch = LoadWatch::start(&[]);
    let (mut spent, mut memory) = (times()?, 0);
    for _ in 0..STARTS {
        let began = clock::now();
        let server = Child::server(&dir).await?;
        let mut http = Http::connect(server.url()).await?;
        let (status, _) = http.request("GET", "/health", "", "").await?;
        spent.saturating_record(began.elapsed().as_micros() as u64);
        ensure!(status == 200, "/health answers {status}");
        memory = machine::resident(server.pid()).unwrap_or(0);
        server.stop().await?;
    }
    report.saw_load(watch.percent());
    report.judge("start, p50", at(&spent, 0.5), "ms", Target::AtMost(500.0));
    report.add("start, slowest", at(&spent, 1.0), "ms");
    report.add("memory then", memory as f64 / 1e6, "MB");
    Ok(report)
}

/// The folder of a database with so many events. It takes minutes to fill, so it stays beside the program for the next run.
async fn filled(run: &Run) -> Result<PathBuf> {
    let dir = run.beside.join(format!("bench-{}-events", run.events));
    let complete = dir.join("complete");
    if complete.exists() {
        return Ok(dir);
    }
    if dir.exists() {
        std::fs::remove_dir_all(&dir)?;
    }
    std::fs::create_dir_all(&dir)?;
    let crowd = Crowd::start(&dir, PEOPLE).await?;
    let each = run.events / ROOMS;
    crowd
        .each(ROOMS, async |http, n| {
            let room = crowd.room(http, n % PEOPLE).await?;
            for number in 0..each {
                crowd.send(http, n % PEOPLE, &room, number).await?;
            }
            Ok(())
        })
        .await?;
    crowd.child.stop().await?;
    std::fs::write(complete, "")?;
    Ok(dir)
}
