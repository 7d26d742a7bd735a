//! Thirty-two senders at once: what a busy server does, as a share of the floor.

use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::Run;
use crate::floor;
use crate::fsyncs::FsyncCount;
use crate::homeserver::{HarkLink, Homeserver, Layout};
use crate::load::{self, Until};
use crate::machine::{self, LoadWatch};
use crate::report::{Report, Target};

const SENDERS: usize = 32;
const COUNTED: u64 = 100;

/// Measures 16 two-person rooms, then one room of all.
pub(crate) async fn bench(run: &Run, floor: &Report) -> Result<Report> {
    let setup = "32 senders, HTTP keep-alive, ack = on disk";
    let mut report = Report::new("throughput", setup, machine::wait_for_quiet());
    let bare = floor.value(floor::PER_SECOND).context("the floor was not measured")?;
    let dir = tempfile::tempdir_in(run.dir())?;
    let server = Homeserver::start(dir.path(), SENDERS).await?;
    report.judge("server memory at start", server.at_start as f64 / 1e6, "MB", Target::AtMost(15.0));
    report.add("server memory after 32 registrations", megabytes(&server), "MB");
    for (name, layout, least) in
        [("16 rooms of two", Layout::Pairs, 8000.0), ("one room of 32", Layout::OneRoom, 5000.0)]
    {
        let links = server.links(layout).await?;
        let watch = LoadWatch::start(&[server.child.pid()]);
        let (outcome, links) = load::run(links, Until::Elapsed(run.time), Duration::ZERO).await?;
        report.saw_load(watch.percent());
        report.judge(format!("{name}: sends"), outcome.per_second, "/s", Target::AtLeast(least));
        let share = 100.0 * outcome.per_second / bare;
        match layout {
            Layout::Pairs => {
                report.judge(format!("{name}: share of the floor"), share, "%", Target::AtLeast(50.0));
            }
            Layout::OneRoom => report.add(format!("{name}: share of the floor"), share, "%"),
        }
        report.add_times(&format!("{name}: ack"), &outcome.times);
        report.add(format!("{name}: server memory after it"), megabytes(&server), "MB");
        if let Some(per_send) = fsyncs(run, &server, links).await? {
            report.judge(format!("{name}: fsyncs per send (by strace)"), per_send, "", Target::AtMost(0.1));
        }
    }
    server.child.stop().await?;
    Ok(report)
}

async fn fsyncs(run: &Run, server: &Homeserver, links: Vec<HarkLink>) -> Result<Option<f64>> {
    let Some(count) = FsyncCount::attach(server.child.pid(), run.dir()).await else { return Ok(None) };
    let (outcome, _) = load::run(links, Until::Sends(COUNTED), Duration::ZERO).await?;
    let sends = outcome.times.len() + load::WARM_UP * SENDERS as u64;
    Ok(Some(count.finish().await? as f64 / sends as f64))
}

fn megabytes(server: &Homeserver) -> f64 {
    machine::resident(server.child.pid()).map_or(f64::NAN, |bytes| bytes as f64 / 1e6)
}
