//! `F`: what one fdatasync costs here and now.
//!
//! No durable acknowledgement can come sooner, so it is measured in the same run, on the same file system and with
//! the same pauses as the figure it is set beside: an idle virtual disk answers many times slower than a busy one.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use hdrhistogram::Histogram;

use crate::clock;
use crate::report::times;

const PAGE: usize = 4096;
const PAGES: u64 = 1024;

/// Writes one page over allocated space and syncs it, `count` times with `pause` between; microseconds each.
pub(crate) fn sync_cost(dir: &Path, count: u64, pause: Duration) -> Result<Histogram<u64>> {
    let mut file = File::create(dir.join("sync-cost"))?;
    let page = [0x5a_u8; PAGE];
    for _ in 0..PAGES {
        file.write_all(&page)?;
    }
    file.sync_all()?;
    let mut cost = times()?;
    for n in 0..count {
        if !pause.is_zero() {
            std::thread::sleep(pause);
        }
        file.seek(SeekFrom::Start((n % PAGES) * PAGE as u64))?;
        let started = clock::now();
        file.write_all(&page)?;
        file.sync_data()?;
        cost.saturating_record(started.elapsed().as_micros() as u64);
    }
    std::fs::remove_file(dir.join("sync-cost"))?;
    Ok(cost)
}
