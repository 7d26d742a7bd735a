//! The built programs, run as a person runs them, and killed as a power cut does.

use std::ffi::OsStr;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::{PASSWORD, within};

/// A command line to be.
#[derive(Debug)]
pub struct Program {
    command: Command,
    input: Option<String>,
    title: String,
}

/// What a program said and how it ended.
#[derive(Clone, Debug)]
pub struct Finished {
    /// Exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// All of its standard output.
    pub stdout: String,
    /// All of its standard error.
    pub stderr: String,
}

/// A program at work. Dropping it kills it.
#[derive(Debug)]
pub struct Running {
    child: Child,
    lines: mpsc::UnboundedReceiver<String>,
    stderr: Arc<Mutex<String>>,
    /// Ends with its standard error.
    said_all: JoinHandle<()>,
    title: String,
}

/// Where this build puts its programs: `target/<profile>`.
pub fn build_folder() -> PathBuf {
    let me = std::env::current_exe().expect("the path of this test");
    me.ancestors().nth(2).expect("tests lie in target/<profile>/deps").to_owned()
}

/// Where a built program lies.
pub fn program_path(name: &str) -> PathBuf {
    let path = build_folder().join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(path.exists(), "{} is missing: build it with `cargo build --workspace --bins`", path.display());
    path
}

impl Program {
    /// `hark … --data DIR`. The store's key is a file, so that no keyring is asked.
    pub fn hark(data: &Path) -> Self {
        Self::named("hark").env("HARK_KEY", "file").after("--data", data)
    }

    /// `hark-server …`
    pub fn hark_server() -> Self {
        Self::named("hark-server")
    }

    /// Any program of the workspace.
    pub fn named(name: &str) -> Self {
        Self::at(&program_path(name))
    }

    /// Any program.
    pub fn at(path: &Path) -> Self {
        let mut command = Command::new(path);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let title = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Self { command, input: None, title }
    }

    fn after(self, option: &str, value: &Path) -> Self {
        // Options that belong to every command may stand before it.
        self.arg(option).arg(value)
    }

    /// One more argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.title = format!("{} {}", self.title, argument.as_ref().to_string_lossy());
        self.command.arg(argument);
        self
    }

    /// More arguments.
    #[must_use]
    pub fn args<A: AsRef<OsStr>>(self, arguments: impl IntoIterator<Item = A>) -> Self {
        arguments.into_iter().fold(self, Self::arg)
    }

    /// A variable of its environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Lets it run before programs that compile, as a program with sound on a desktop may; where that is not allowed it
    /// runs like any other.
    #[must_use]
    pub fn first(mut self) -> Self {
        let plain = self.command.as_std();
        let mut nice = Command::new("nice");
        nice.args(["-n", "-10"]).arg(plain.get_program()).args(plain.get_args());
        for (name, value) in plain.get_envs() {
            match value {
                Some(value) => nice.env(name, value),
                None => nice.env_remove(name),
            };
        }
        nice.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        self.command = nice;
        self
    }

    /// What it finds on its standard input.
    #[must_use]
    pub fn input(mut self, text: &str) -> Self {
        self.input = Some(text.to_owned());
        self.command.stdin(Stdio::piped());
        self
    }

    /// Starts it.
    pub async fn start(mut self) -> Running {
        let mut child = self.command.spawn().unwrap_or_else(|error| panic!("{}: {error}", self.title));
        if let Some(text) = self.input {
            let mut stdin = child.stdin.take().expect("asked to be piped");
            // A program that ends without reading is no error of ours; its exit code says the rest.
            let _ = stdin.write_all(text.as_bytes()).await;
        }
        let (send, lines) = mpsc::unbounded_channel();
        let stdout = BufReader::new(child.stdout.take().expect("asked to be piped"));
        tokio::spawn(async move {
            let mut stdout = stdout.lines();
            while let Ok(Some(line)) = stdout.next_line().await {
                if send.send(line).is_err() {
                    break;
                }
            }
        });
        let stderr = Arc::new(Mutex::new(String::new()));
        let from = child.stderr.take().expect("asked to be piped");
        let said_all = tokio::spawn(collect(from, Arc::clone(&stderr)));
        Running { child, lines, stderr, said_all, title: self.title }
    }

    /// Runs it to its end.
    pub async fn run(self) -> Finished {
        let title = self.title.clone();
        let mut command = self.command;
        let input = self.input;
        within(&title, async {
            let mut child = command.spawn().unwrap_or_else(|error| panic!("{title}: {error}"));
            if let Some(text) = input {
                let mut stdin = child.stdin.take().expect("asked to be piped");
                let _ = stdin.write_all(text.as_bytes()).await;
            }
            let output = child.wait_with_output().await.unwrap_or_else(|error| panic!("{title}: {error}"));
            Finished {
                code: output.status.code(),
                stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
                stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            }
        })
        .await
    }
}

impl Finished {
    /// Its output, trimmed, if it ended with 0; else the end of the test.
    #[track_caller]
    pub fn ok(self) -> String {
        assert_eq!(self.code, Some(0), "exit code {:?}: {}{}", self.code, self.stdout, self.stderr);
        self.stdout.trim().to_owned()
    }

    /// What it said on standard error, if it ended with 1; else the end of the test.
    #[track_caller]
    pub fn refused(self) -> String {
        assert_eq!(self.code, Some(1), "exit code {:?}: {}{}", self.code, self.stdout, self.stderr);
        self.stderr.trim().to_owned()
    }
}

impl Running {
    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id().expect("it has not been waited for")
    }

    /// The next line of its standard output.
    pub async fn line(&mut self) -> String {
        self.line_where(|_| true).await
    }

    /// The next line that is as wanted; lines before it are dropped.
    pub async fn line_where(&mut self, wanted: impl Fn(&str) -> bool) -> String {
        let what = format!("a line of {}", self.title);
        let stderr = Arc::clone(&self.stderr);
        within(&what, async {
            loop {
                match self.lines.recv().await {
                    Some(line) if wanted(&line) => return line,
                    Some(_) => {}
                    None => panic!(
                        "{what}: it ended, saying: {}",
                        stderr.lock().unwrap_or_else(PoisonError::into_inner)
                    ),
                }
            }
        })
        .await
    }

    /// What it wrote to standard error so far.
    pub fn stderr(&self) -> String {
        self.stderr.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends it as a power cut does (SIGKILL), and waits until it is gone.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap_or_else(|error| panic!("{}: {error}", self.title));
    }

    /// Waits until it ends by itself: its exit code, and all it wrote to standard error.
    pub async fn finished(mut self) -> (Option<i32>, String) {
        let what = format!("the end of {}", self.title);
        let status = within(&what, self.child.wait()).await;
        let code = status.unwrap_or_else(|error| panic!("{}: {error}", self.title)).code();
        within(&what, self.said_all).await.unwrap_or_else(|error| panic!("{}: {error}", self.title));
        let said = self.stderr.lock().unwrap_or_else(PoisonError::into_inner).clone();
        (code, said)
    }

    /// Waits until it ends by itself.
    pub async fn ended(mut self) -> ExitStatus {
        let what = format!("the end of {}", self.title);
        within(&what, self.child.wait()).await.unwrap_or_else(|error| panic!("{}: {error}", self.title))
    }
}

async fn collect(mut from: impl AsyncRead + Unpin, into: Arc<Mutex<String>>) {
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        into.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push_str(&String::from_utf8_lossy(&buffer[..count]));
    }
}

/// `hark-server serve` as a process, on a port of loopback it keeps over restarts.
#[derive(Debug)]
pub struct ServerProgram {
    running: Running,
    address: SocketAddr,
    data: PathBuf,
}

impl ServerProgram {
    /// Serves the folder `data`, open to register, without rate limits, on a port the system chooses.
    pub async fn start(data: &Path) -> Self {
        Self::start_at(data, SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    /// As [`ServerProgram::start`], at a given address.
    pub async fn start_at(data: &Path, address: SocketAddr) -> Self {
        let mut running = Program::hark_server()
            .arg("serve")
            .arg("--data")
            .arg(data)
            .args(["--listen", &address.to_string(), "--server-name", "hark.test"])
            .args(["--registration", "open", "--rate-limits", "off"])
            .start()
            .await;
        let line = running.line_where(|line| line.contains("http://")).await;
        let address = line
            .split("http://")
            .nth(1)
            .and_then(|rest| rest.split(|c: char| c.is_whitespace() || c == '/').next())
            .and_then(|address| address.parse().ok())
            .unwrap_or_else(|| panic!("no address in the server's line: {line}"));
        Self { running, address, data: data.to_owned() }
    }

    /// Its base URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.running.id()
    }

    /// Kills it as a power cut does and starts it again on the same folder and port.
    pub async fn kill_and_restart(self) -> Self {
        self.running.kill().await;
        Self::start_at(&self.data, self.address).await
    }

    /// Kills it as a power cut does.
    pub async fn kill(self) {
        self.running.kill().await;
    }

    /// Makes an account on it and signs a data folder of `hark` in.
    pub async fn sign_in(&self, data: &Path, name: &str) {
        let url = self.url();
        Program::hark(data)
            .args(["login", "--homeserver", &url, "--user", name, "--register"])
            .input(&format!("{PASSWORD}\n"))
            .run()
            .await
            .ok();
    }
}
