//! A screen and a session bus for the real window, and the window as a process on them.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};
use tokio::time::timeout;

use crate::clock;

/// How long anything here may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the window says when the inbox is on the screen.
const DRAWN: &str = "the window is drawn";

/// Xvfb and a bus; both end when this is dropped.
pub(crate) struct Desk {
    _screen: Child,
    _bus: Child,
    display: String,
    address: String,
    home: tempfile::TempDir,
}

impl Desk {
    /// Starts both, and a home of their own.
    pub(crate) async fn start() -> Result<Self> {
        let home = tempfile::tempdir()?;
        let screen = ["-displayfd", "1", "-screen", "0", "1280x900x24", "-nolisten", "tcp"];
        let (screen, number) = saying("Xvfb", &screen).await?;
        let bus = ["--session", "--nofork", "--nopidfile", "--print-address"];
        let (bus, address) = saying("dbus-daemon", &bus).await?;
        Ok(Self { _screen: screen, _bus: bus, display: format!(":{number}"), address, home })
    }

    /// Starts the window on a data folder and waits until its inbox is drawn.
    pub(crate) async fn open(&self, data: &Path) -> Result<Window> {
        let started = clock::now();
        let mut process = Command::new(program()?)
            .arg("--data")
            .arg(data)
            .env("DISPLAY", &self.display)
            .env("DBUS_SESSION_BUS_ADDRESS", &self.address)
            .env("HOME", self.home.path())
            .env("XDG_RUNTIME_DIR", self.home.path())
            .env("HARK_KEY", "file")
            .env("NO_AT_BRIDGE", "1")
            .env("WEBKIT_DISABLE_DMABUF_RENDERER", "1")
            .env("RUST_LOG", "hark_desktop=info")
            .env_remove("WAYLAND_DISPLAY")
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let pid = process.id().context("the window ended at once")?;
        let mut said = BufReader::new(process.stderr.take().context("no standard error")?).lines();
        timeout(PATIENCE, line_with(&mut said, DRAWN)).await.context("the window is not drawn")??;
        let drawn = started.elapsed();
        // What it says later is read and forgotten, so that it never waits for a reader.
        tokio::spawn(async move { while let Ok(Some(_)) = said.next_line().await {} });
        Ok(Window { process, pid, drawn })
    }
}

/// The window at work.
pub(crate) struct Window {
    process: Child,
    /// Of its main process.
    pub(crate) pid: u32,
    /// From the start of the process until the inbox was on the screen.
    pub(crate) drawn: Duration,
}

impl Window {
    /// Has it end in order.
    pub(crate) async fn close(mut self) -> Result<()> {
        let status = Command::new("kill").args(["-TERM", &self.pid.to_string()]).status().await?;
        if !status.success() || !timeout(PATIENCE, self.process.wait()).await??.success() {
            bail!("the window did not end in order");
        }
        Ok(())
    }
}

/// The window's program, beside this one.
fn program() -> Result<PathBuf> {
    let program = std::env::current_exe()?.with_file_name("hark-desktop");
    if !program.exists() {
        bail!("{} is missing: cargo build --release -p hark-desktop", program.display());
    }
    Ok(program)
}

/// Starts a program and gives the first line it prints.
async fn saying(name: &str, arguments: &[&str]) -> Result<(Child, String)> {
    let mut child = Command::new(name)
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("{name} is missing: cargo xtask test installs it"))?;
    let mut lines = BufReader::new(child.stdout.take().context("no output")?).lines();
    let line =
        timeout(PATIENCE, lines.next_line()).await.with_context(|| format!("{name} says nothing"))??;
    Ok((child, line.with_context(|| format!("{name} ended at once"))?))
}

async fn line_with(lines: &mut Lines<BufReader<ChildStderr>>, words: &str) -> Result<()> {
    while let Some(line) = lines.next_line().await? {
        if line.contains(words) {
            return Ok(());
        }
    }
    bail!("the window ended before it was drawn")
}
