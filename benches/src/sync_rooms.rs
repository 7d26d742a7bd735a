//! What a person's many rooms cost when one of them changed: nothing, if a sync costs its changes.

use anyhow::{Context as _, Result};
use hdrhistogram::Histogram;
use serde_json::json;

use crate::crowd::{Crowd, Reader, has_message};
use crate::machine::{self, LoadWatch};
use crate::report::{Report, Target, at, times};
use crate::{Run, clock};

/// Rooms of one person and of the other, the one they share included.
const ROOMS: [usize; 2] = [10_000, 100];
/// Who writes to both.
const WRITER: usize = 2;
/// More changes than the server remembers for a user.
const BEHIND: usize = 2_000;
const RESTARTS: usize = 10;

/// Measures the person in many rooms against the one in few, in turn.
pub(crate) async fn bench(run: &Run) -> Result<Report> {
    let setup =
        format!("one room changed, a user in {} rooms against one in {}, in turn", ROOMS[0], ROOMS[1]);
    let mut report = Report::new("sync_rooms", setup, machine::wait_for_quiet());
    let dir = tempfile::tempdir_in(run.dir())?;
    let mut crowd = Crowd::start(dir.path(), 3).await?;
    let shared = fill(&crowd).await?;
    let mut readers = readers(&crowd).await?;
    for reader in &mut readers {
        reader.sync(0).await?;
    }
    let old = readers[0].since.clone();
    let turns = run.time.as_secs() as usize * 50;

    let watch = LoadWatch::start(&[crowd.child.pid()]);
    let mut http = crowd.http().await?;
    let mut spent = [times()?, times()?];
    for number in 0..turns {
        crowd.send(&mut http, WRITER, &shared, number).await?;
        let both = readers.iter_mut().zip(&mut spent);
        // Whoever comes second finds the processor's caches warm: they take turns.
        let both: Vec<_> = if number % 2 == 0 { both.collect() } else { both.rev().collect() };
        for (reader, spent) in both {
            timed(reader, spent, 0).await?;
        }
    }
    tell(&mut report, "one message", &spent);

    let mut spent = [times()?, times()?];
    for number in turns..turns * 2 {
        let which = number % 2;
        let began = clock::now();
        let reader = &mut readers[which];
        let (sent, seen) = tokio::join!(crowd.send(&mut http, WRITER, &shared, number), reader.sync(30_000));
        sent?;
        anyhow::ensure!(has_message(seen?, number), "the long poll answered without the message");
        spent[which].saturating_record(began.elapsed().as_micros() as u64);
        readers[1 - which].sync(0).await?;
    }
    tell(&mut report, "send to answered long poll", &spent);

    crowd.each(BEHIND, async |http, n| crowd.send(http, WRITER, &shared, turns * 2 + n).await).await?;
    let mut spent = [times()?, times()?];
    for number in 0..turns {
        for which in [number % 2, 1 - number % 2] {
            readers[which].since.clone_from(&old);
            timed(&mut readers[which], &mut spent[which], 0).await?;
        }
    }
    tell(&mut report, &format!("behind by {BEHIND} changes"), &spent);
    report.saw_load(watch.percent());
    drop(readers);

    let mut spent = [times()?, times()?];
    for round in 0..RESTARTS {
        crowd = crowd.restart(dir.path()).await?;
        let mut readers = self::readers(&crowd).await?;
        // Preparing the server's statements is not what is measured: a third person has it done.
        let mut other = crowd.reader(WRITER, &json!({})).await?;
        other.since.clone_from(&old);
        other.sync(0).await?;
        for which in [round % 2, 1 - round % 2] {
            readers[which].since.clone_from(&old);
            // Nor is looking up whose token it is.
            crowd.whoami(&mut crowd.http().await?, which).await?;
            timed(&mut readers[which], &mut spent[which], 0).await?;
        }
    }
    tell(&mut report, "first after a restart", &spent);
    crowd.child.stop().await?;
    Ok(report)
}

/// Makes the rooms; the one that all three share.
async fn fill(crowd: &Crowd) -> Result<String> {
    let mut http = crowd.http().await?;
    let shared = crowd.room(&mut http, WRITER).await?;
    for (person, rooms) in ROOMS.into_iter().enumerate() {
        crowd.each(rooms - 1, async |http, _| crowd.room(http, person).await).await?;
        crowd.join(&mut http, person, &shared).await?;
    }
    Ok(shared)
}

async fn readers(crowd: &Crowd) -> Result<[Reader; 2]> {
    Ok([crowd.reader(0, &json!({})).await?, crowd.reader(1, &json!({})).await?])
}

async fn timed(reader: &mut Reader, spent: &mut Histogram<u64>, timeout: u64) -> Result<()> {
    let began = clock::now();
    let answer = reader.sync(timeout).await?;
    let rooms = answer.windows(9).filter(|window| window == b"\"limited\"").count();
    spent.saturating_record(began.elapsed().as_micros() as u64);
    (rooms == 1).then_some(()).with_context(|| format!("{rooms} rooms instead of the one that changed"))
}

fn tell(report: &mut Report, what: &str, [many, few]: &[Histogram<u64>; 2]) {
    for (rooms, spent) in ROOMS.into_iter().zip([many, few]) {
        report.add(format!("{what}: {rooms} rooms, p50"), at(spent, 0.5), "ms");
        report.add(format!("{what}: {rooms} rooms, p99"), at(spent, 0.99), "ms");
    }
    let ratio = at(many, 0.5) / at(few, 0.5);
    report.judge(format!("{what}: ratio of the medians"), ratio, "×", Target::AtMost(1.3));
}
