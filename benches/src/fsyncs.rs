//! Counts the fsyncs of a process by strace, where there is one: it says what an acknowledgement is worth.

use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context as _, Result};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// strace, attached.
pub(crate) struct FsyncCount {
    strace: Child,
    summary: PathBuf,
}

impl FsyncCount {
    /// Attaches to a process; none where strace is absent or may not attach.
    pub(crate) async fn attach(pid: u32, dir: &std::path::Path) -> Option<Self> {
        let summary = dir.join("strace-summary");
        let mut strace = Command::new("strace")
            .args(["-f", "-c", "-e", "trace=fsync,fdatasync,sync_file_range,msync", "-o"])
            .arg(&summary)
            .args(["-p", &pid.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .ok()?;
        let mut lines = BufReader::new(strace.stderr.take()?).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            if line.contains("attached") {
                // Keep reading, so that strace never waits for us.
                tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
                return Some(Self { strace, summary });
            }
        }
        None
    }

    /// Detaches; how many calls it saw.
    pub(crate) async fn finish(mut self) -> Result<u64> {
        let pid = self.strace.id().context("strace ended by itself")?;
        Command::new("kill").args(["-INT", &pid.to_string()]).status().await?;
        self.strace.wait().await?;
        let summary = std::fs::read_to_string(&self.summary)?;
        // "% time  seconds  usecs/call  calls  [errors]  syscall"
        let calls = summary
            .lines()
            .filter(|line| line.contains("sync"))
            .filter_map(|line| line.split_whitespace().nth(3)?.parse::<u64>().ok())
            .sum();
        Ok(calls)
    }
}
