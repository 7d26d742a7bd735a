//! The drawing of five minutes.

use anyhow::Result;

use crate::report::{Report, Target, at, times};
use crate::{clock, machine, voice_cpu};

const MINUTES: usize = 5;
const TIMES: usize = 20;

/// Draws them again and again.
pub(crate) fn bench() -> Result<Report> {
    let setup = format!("{MINUTES} minutes, 100 values, {TIMES} times");
    let mut report = Report::new("waveform", setup, machine::wait_for_quiet());
    let watch = machine::LoadWatch::start(&[]);
    let sound = voice_cpu::voice(MINUTES * 60);
    let mut drawn = times()?;
    for _ in 0..TIMES {
        let started = clock::now();
        std::hint::black_box(hark_voice::waveform::draw(std::hint::black_box(&sound), 100));
        drawn.saturating_record(started.elapsed().as_micros() as u64);
    }
    report.saw_load(watch.percent());
    report.judge("drawn, p50", at(&drawn, 0.5), "ms", Target::AtMost(10.0));
    report.add("drawn, worst", at(&drawn, 1.0), "ms");
    Ok(report)
}
