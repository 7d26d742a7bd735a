//! A closed loop: every sender waits for its acknowledgement before it sends again.
//!
//! The load program shares the machine with what it measures, so a sender is one socket and one task, and nothing else.

use std::future::Future;
use std::time::Duration;

use anyhow::Result;
use hdrhistogram::Histogram;

use crate::clock;
use crate::report::times;

/// Uncounted sends of each sender before the clock starts.
pub(crate) const WARM_UP: u64 = 50;

/// One sender's connection.
pub(crate) trait Link: Send + 'static {
    /// Sends a text under a transaction id and returns when it is acknowledged.
    fn send(&mut self, txn: &str, text: &str) -> impl Future<Output = Result<()>> + Send;
}

/// What a run saw.
pub(crate) struct Outcome {
    /// Send to acknowledgement, microseconds.
    pub(crate) times: Histogram<u64>,
    /// Acknowledged sends a second, all senders together.
    pub(crate) per_second: f64,
}

/// How a run ends.
#[derive(Clone, Copy)]
pub(crate) enum Until {
    /// After this time.
    Elapsed(Duration),
    /// After so many sends of each sender.
    Sends(u64),
}

/// Runs all links at once, after a warm-up; `pause` lies between an acknowledgement and the next send.
pub(crate) async fn run<L: Link>(links: Vec<L>, until: Until, pause: Duration) -> Result<(Outcome, Vec<L>)> {
    let links = each(links, |link, number| warm_up(link, number)).await?;
    let links: Vec<L> = links.into_iter().map(|(link, ())| link).collect();
    let started = clock::now();
    let done = each(links, move |link, number| sender(link, number, until, pause)).await?;
    let elapsed = started.elapsed();
    let mut times = times()?;
    let mut links = Vec::new();
    for (link, sender_times) in done {
        times.add(sender_times)?;
        links.push(link);
    }
    let per_second = times.len() as f64 / elapsed.as_secs_f64();
    Ok((Outcome { times, per_second }, links))
}

async fn each<L, T, F, Fut>(links: Vec<L>, work: F) -> Result<Vec<(L, T)>>
where
    L: Link,
    T: Send + 'static,
    F: Fn(L, usize) -> Fut,
    Fut: Future<Output = Result<(L, T)>> + Send + 'static,
{
    let tasks: Vec<_> =
        links.into_iter().enumerate().map(|(number, link)| tokio::spawn(work(link, number))).collect();
    let mut done = Vec::new();
    for task in tasks {
        done.push(task.await??);
    }
    Ok(done)
}

async fn warm_up<L: Link>(mut link: L, number: usize) -> Result<(L, ())> {
    let run = clock::unix_ms();
    for n in 0..WARM_UP {
        link.send(&format!("w{run}-{number}-{n}"), &text(number, n)).await?;
    }
    Ok((link, ()))
}

async fn sender<L: Link>(
    mut link: L,
    number: usize,
    until: Until,
    pause: Duration,
) -> Result<(L, Histogram<u64>)> {
    let run = clock::unix_ms();
    let started = clock::now();
    let mut times = times()?;
    let mut n = 0;
    while match until {
        Until::Elapsed(time) => started.elapsed() < time,
        Until::Sends(count) => n < count,
    } {
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        let text = text(number, n);
        let txn = format!("m{run}-{number}-{n}");
        let before = clock::now();
        link.send(&txn, &text).await?;
        times.saturating_record(before.elapsed().as_micros() as u64);
        n += 1;
    }
    Ok((link, times))
}

/// About 85 bytes, as people write.
fn text(sender: usize, n: u64) -> String {
    format!("Message {n:06} of {sender:02}: shall we meet at the station at half past seven tonight?")
}
