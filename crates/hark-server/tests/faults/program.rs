//! The built program on a data folder, and what it says.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    path::Path,
    process::{Child, Command, ExitStatus, Output, Stdio},
};

/// A serving program; killed when dropped.
pub(crate) struct Serving {
    child: Child,
    pub(crate) url: String,
}

/// Whether people are slowed.
#[derive(Clone, Copy)]
pub(crate) enum Limits {
    On,
    Off,
}

fn serve(data: &Path, limits: Limits) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hark-server"));
    command.args(["serve", "--listen", "127.0.0.1:0", "--server-name", "hark.test"]);
    if matches!(limits, Limits::Off) {
        command.args(["--rate-limits", "off"]);
    }
    command.args(["--registration", "open", "--data"]).arg(data);
    command.env_remove("RUST_LOG").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

impl Serving {
    /// Starts it on a data folder, without limits.
    pub(crate) fn start(data: &Path) -> Self {
        Self::start_in(data, Limits::Off, &[])
    }

    /// Starts it in an environment, and waits until it is ready.
    pub(crate) fn start_in(data: &Path, limits: Limits, environment: &[(&str, &Path)]) -> Self {
        let mut child = serve(data, limits).envs(environment.iter().copied()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let url = line.split_whitespace().find(|word| word.starts_with("http://"));
        let url = url.unwrap_or_else(|| {
            let mut said = String::new();
            child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
            panic!("it did not start: {line}{said}")
        });
        Self { url: url.to_owned(), child }
    }

    /// Waits until it ends by itself: how it ended, and what it said.
    pub(crate) fn ended(mut self) -> (ExitStatus, String) {
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (self.child.wait().unwrap(), said)
    }

    /// Kills it as a power cut does: what it said.
    pub(crate) fn kill(mut self) -> String {
        self.child.kill().unwrap();
        self.ended().1
    }

    /// Asks it to end: what it said.
    pub(crate) fn stop(self) -> String {
        let asked = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(asked.success());
        let (status, said) = self.ended();
        assert_eq!(status.code(), Some(0), "{said}");
        said
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // Gone already when the test ended it.
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// What it says when it cannot serve: one sentence, and exit code 1.
#[track_caller]
pub(crate) fn refused(data: &Path) -> String {
    let output = serve(data, Limits::Off).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(said.trim().lines().count(), 1, "{said}");
    said
}

/// `hark-server check`.
pub(crate) fn check(data: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hark-server")).args(["check", "--data"]).arg(data).output().unwrap()
}
