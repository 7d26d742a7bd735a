//! What else the machine is doing, and how much memory a process holds.
//!
//! A figure taken while something else uses the processors says nothing, so every bench prints the *other load*: the
//! share of all cores used by anyone but this program and the processes it started. Read from `/proc`; elsewhere it
//! is not known, and the report says so.

use std::time::Duration;

use crate::clock;

/// Above this share a figure is not judged.
pub(crate) const QUIET: f64 = 10.0;

/// How long a bench waits for the machine to become quiet.
const PATIENCE: Duration = Duration::from_secs(20);

/// Measures the other load between its start and [`LoadWatch::percent`].
pub(crate) struct LoadWatch {
    mine: Vec<u32>,
    start: Option<(u64, u64, u64)>,
}

impl LoadWatch {
    /// Watches; `children` are the processes whose work is not "other".
    pub(crate) fn start(children: &[u32]) -> Self {
        let mut mine = vec![std::process::id()];
        mine.extend(children);
        let start = sample(&mine);
        Self { mine, start }
    }

    /// Other load since the start, in percent of all cores.
    pub(crate) fn percent(&self) -> Option<f64> {
        let (busy0, total0, mine0) = self.start?;
        let (busy, total, mine) = sample(&self.mine)?;
        let (busy, total, mine) = (busy - busy0, total - total0, mine.saturating_sub(mine0));
        (total > 0).then(|| 100.0 * busy.saturating_sub(mine) as f64 / total as f64)
    }
}

/// Waits for a quiet machine, for a while; answers with the other load seen last.
pub(crate) fn wait_for_quiet() -> Option<f64> {
    let started = clock::now();
    loop {
        let watch = LoadWatch::start(&[]);
        std::thread::sleep(Duration::from_secs(1));
        let load = watch.percent();
        if load.is_none_or(|percent| percent < QUIET) || started.elapsed() > PATIENCE {
            return load;
        }
    }
}

/// Resident memory of a process in bytes.
pub(crate) fn resident(pid: u32) -> Option<u64> {
    from_status(pid, "VmRSS:")
}

/// The most resident memory a process ever had, in bytes.
pub(crate) fn peak_resident(pid: u32) -> Option<u64> {
    from_status(pid, "VmHWM:")
}

fn from_status(pid: u32, name: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kib * 1024)
}

/// Name and proportional share of memory, in bytes, of a process and of all it started.
pub(crate) fn family(pid: u32) -> Vec<(String, u64)> {
    let parents = std::fs::read_dir("/proc").into_iter().flatten().filter_map(|entry| {
        let pid: u32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
        Some((pid, parent_of(pid)?))
    });
    let parents: Vec<(u32, u32)> = parents.collect();
    let mut family = vec![pid];
    let mut at = 0;
    while let Some(&parent) = family.get(at) {
        family.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(child, _)| *child));
        at += 1;
    }
    family.into_iter().filter_map(|pid| Some((name_of(pid)?, proportional(pid)?))).collect()
}

fn parent_of(pid: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

fn name_of(pid: u32) -> Option<String> {
    Some(std::fs::read_to_string(format!("/proc/{pid}/comm")).ok()?.trim().to_owned())
}

fn proportional(pid: u32) -> Option<u64> {
    let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kib * 1024)
}

/// Processor time of a process so far, in seconds.
pub(crate) fn cpu_seconds(pid: u32) -> Option<f64> {
    // Linux counts in hundredths everywhere a desktop runs.
    Some(ticks_of(pid)? as f64 / 100.0)
}

/// Clock ticks: of all cores busy, of all cores in all, of the named processes.
fn sample(pids: &[u32]) -> Option<(u64, u64, u64)> {
    let stat = std::fs::read_to_string("/proc/stat").ok()?;
    let ticks: Vec<u64> =
        stat.lines().next()?.split_whitespace().skip(1).filter_map(|n| n.parse().ok()).collect();
    // user nice system idle iowait irq softirq steal; guest time is already in user.
    let total: u64 = ticks.iter().take(8).sum();
    let idle: u64 = ticks.iter().skip(3).take(2).sum();
    let mine = pids.iter().filter_map(|pid| ticks_of(*pid)).sum();
    Some((total - idle, total, mine))
}

fn ticks_of(pid: u32) -> Option<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in brackets may hold spaces; user and system time are the 12th and 13th field after it.
    let fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    // Behind them stands what its children took that have ended: of this program's, that is not "other" either.
    let count = if pid == std::process::id() { 4 } else { 2 };
    fields.take(count).map(|ticks| ticks.parse::<u64>().ok()).sum()
}
