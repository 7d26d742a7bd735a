//! The floor: the least any messenger with durable acknowledgements does on this machine.
//!
//! A bare axum WebSocket before a SQLite writer thread with group commit, WAL and `synchronous=FULL`; an event row and
//! a transaction-id row a message. No Matrix in it: no hashing, signing, authorisation or fan-out. It runs first in
//! each run, and Hark is reported as a share of it, so that a slow or busy machine does not change the verdict.

mod client;
mod server;
mod store;

pub(crate) use client::FloorLink;
pub(crate) use server::serve;

use std::time::Duration;

use anyhow::Result;

use crate::child::{Child, Role};
use crate::load::{self, Until};
use crate::machine::{self, LoadWatch};
use crate::report::Report;
use crate::{Run, disk};

/// Sends a second with 32 senders, as [`Report::value`] finds it.
pub(crate) const PER_SECOND: &str = "32 senders, sends";

/// Runs the floor with 1 and 32 senders.
pub(crate) async fn bench(run: &Run) -> Result<Report> {
    let mut report = Report::new("floor", "WebSocket, ack = on disk, no Matrix", machine::wait_for_quiet());
    report.add_times("F, one fdatasync", &disk::sync_cost(run.dir(), 2000, Duration::ZERO)?);
    let server = Child::start(Role::Floor, run.dir()).await?;
    let watch = LoadWatch::start(&[server.pid()]);
    for senders in [1, 32] {
        let mut links = Vec::new();
        for number in 0..senders {
            links.push(FloorLink::connect(server.url(), number).await?);
        }
        let (outcome, links) = load::run(links, Until::Elapsed(run.time), Duration::ZERO).await?;
        report.add_times(&format!("{senders} senders, ack"), &outcome.times);
        report.add(format!("{senders} senders, sends"), outcome.per_second, "/s");
        drop(links);
    }
    report.saw_load(watch.percent());
    Ok(report)
}
