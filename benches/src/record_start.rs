//! Key to first sample kept, with the microphone closed and open; and last word to whole message.

use std::path::Path;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use hark_voice::{Recorder, RecorderEvent, devices};
use serde::{Deserialize, Serialize};

use crate::card::Card;
use crate::child::{Child, Role};
use crate::machine::{self, LoadWatch};
use crate::report::{Report, Target, at, times};
use crate::{Run, clock};

const COLD: usize = 10;
const WARM: usize = 30;

/// What is still recorded after the last word.
const TAIL: Duration = Duration::from_millis(150);

/// Anything that has not happened by then will not.
const DEADLINE: Duration = Duration::from_secs(20);

/// Microseconds each.
#[derive(Default, Serialize, Deserialize)]
struct Times {
    cold: Vec<u64>,
    warm: Vec<u64>,
    whole: Vec<u64>,
}

/// Measures in a process of its own, whose sound is a card without hardware.
pub(crate) async fn bench(run: &Run) -> Result<Report> {
    let card = Card::start(run.dir())?;
    let setup = format!("PulseAudio null sink, {COLD} times cold, {WARM} times warm");
    let mut report = Report::new("record_start", setup, machine::wait_for_quiet());
    let watch = LoadWatch::start(&[card.pid()]);
    let output = Child::output_with(Role::RecordStart, run.dir(), &card.environment()).await?;
    report.saw_load(watch.percent());
    let measured: Times = serde_json::from_str(&output)?;
    for (what, values, bound) in [
        ("begin → first sample kept, microphone closed", measured.cold, 250.0),
        ("begin → first sample kept, microphone open", measured.warm, 50.0),
        ("150 ms after the key is let go → message whole", measured.whole, 20.0),
    ] {
        let mut histogram = times()?;
        for value in values {
            histogram.saturating_record(value);
        }
        report.add(format!("{what}, p50"), at(&histogram, 0.5), "ms");
        report.judge(format!("{what}, worst"), at(&histogram, 1.0), "ms", Target::AtMost(bound));
    }
    Ok(report)
}

/// All recordings, in the child.
pub(crate) fn probe(dir: &Path) -> Result<()> {
    let mut times = Times::default();
    for index in 0..COLD {
        let recorder = recorder()?;
        times.cold.push(begin(&recorder, &recorder.events(), &dir.join(format!("cold{index}")))?);
    }
    let recorder = recorder()?;
    let events = recorder.events();
    begin(&recorder, &events, &dir.join("first"))?;
    for index in 0..WARM {
        let asked = clock::now();
        recorder.finish();
        wait(&events, |event| matches!(event, RecorderEvent::Finished { .. }))?;
        times.whole.push(asked.elapsed().saturating_sub(TAIL).as_micros() as u64);
        times.warm.push(begin(&recorder, &events, &dir.join(format!("warm{index}")))?);
    }
    recorder.abandon();
    println!("{}", serde_json::to_string(&times)?);
    Ok(())
}

/// A recorder of what the card plays.
pub(crate) fn recorder() -> Result<Recorder> {
    let monitor = devices::inputs().into_iter().find(|device| device.monitor).context("no monitor")?;
    let recorder = Recorder::start();
    recorder.choose(Some(monitor.id));
    Ok(recorder)
}

/// Begins and waits for the first sample; microseconds.
pub(crate) fn begin(recorder: &Recorder, events: &Receiver<RecorderEvent>, wav: &Path) -> Result<u64> {
    let asked = clock::now();
    recorder.begin("bench".to_owned(), wav.to_owned());
    wait(events, |event| matches!(event, RecorderEvent::Recording { .. }))?;
    Ok(asked.elapsed().as_micros() as u64)
}

/// The next event that is `wanted`.
pub(crate) fn wait(
    events: &Receiver<RecorderEvent>,
    wanted: impl Fn(&RecorderEvent) -> bool,
) -> Result<RecorderEvent> {
    loop {
        match events.recv_timeout(DEADLINE)? {
            event if wanted(&event) => return Ok(event),
            RecorderEvent::Failed { reason, .. } => bail!(reason),
            _ => {}
        }
    }
}
