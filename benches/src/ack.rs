//! One sender, one message after another: what a person waits for until the message is certain.

use std::time::Duration;

use anyhow::Result;

use crate::fsyncs::FsyncCount;
use crate::homeserver::{Homeserver, Layout};
use crate::load::{self, Until};
use crate::machine::{self, LoadWatch};
use crate::report::{Report, Target, at};
use crate::{Run, disk};

const COUNTED: u64 = 200;

/// Measures back to back, and with the pauses a quick writer makes.
pub(crate) async fn bench(run: &Run) -> Result<Report> {
    let setup = "1 sender in a two-person room, HTTP keep-alive, ack = on disk";
    let mut report = Report::new("ack", setup, machine::wait_for_quiet());
    let dir = tempfile::tempdir_in(run.dir())?;
    let server = Homeserver::start(dir.path(), 2).await?;
    let mut links = server.links(Layout::Pairs).await?;
    links.truncate(1);
    let watch = LoadWatch::start(&[server.child.pid()]);
    for (name, pause, until) in [
        ("back to back", Duration::ZERO, Until::Elapsed(run.time)),
        ("every 50 ms", Duration::from_millis(50), Until::Sends(run.time.as_secs() * 15)),
    ] {
        let samples = if pause.is_zero() { 2000 } else { run.time.as_secs() * 15 };
        let cost = disk::sync_cost(run.dir(), samples, pause)?;
        let (outcome, rest) = load::run(links, until, pause).await?;
        links = rest;
        report.add_times(&format!("{name}: ack"), &outcome.times);
        report.add(format!("{name}: F, p50"), at(&cost, 0.5), "ms");
        report.add(format!("{name}: F, p99"), at(&cost, 0.99), "ms");
        let p50 = at(&outcome.times, 0.5) - at(&cost, 0.5);
        let p99 = at(&outcome.times, 0.99) - at(&cost, 0.99);
        report.judge(format!("{name}: ack − F, p50"), p50, "ms", Target::AtMost(0.7));
        report.judge(format!("{name}: ack − F, p99"), p99, "ms", Target::AtMost(4.0));
    }
    report.saw_load(watch.percent());
    if let Some(count) = FsyncCount::attach(server.child.pid(), run.dir()).await {
        let (outcome, _) = load::run(links, Until::Sends(COUNTED), Duration::ZERO).await?;
        let sends = outcome.times.len() + load::WARM_UP;
        let per_send = count.finish().await? as f64 / sends as f64;
        report.judge("fsyncs per send (by strace)", per_send, "", Target::AtMost(1.05));
        report.judge("fsyncs per send is never 0", per_send, "", Target::AtLeast(0.9));
    }
    server.child.stop().await?;
    Ok(report)
}
