//! Servers under test run in a process of their own, as they do for a user, so that their memory and their system
//! calls can be told from the load's. The child is this same program in another role.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context as _, Result, ensure};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

/// What a child does.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum Role {
    /// The floor's server.
    Floor,
    /// Hark's homeserver.
    Server,
    /// Opens a filled engine store, draws the inbox and a long conversation, and prints what it took.
    Inbox,
    /// Opens a filled engine store, searches it, and prints what it took.
    Search,
    /// Begins recordings, and prints what it took.
    RecordStart,
    /// Records and plays, and prints how much of a processor it used.
    VoiceCpu,
    /// Opens two apps that talk, and prints what each note took.
    VoicePath,
}

/// A running child; killed when dropped.
pub(crate) struct Child {
    process: tokio::process::Child,
    pid: u32,
    url: String,
}

impl Child {
    /// Starts a server and waits for the line with its URL.
    pub(crate) async fn start(role: Role, dir: &Path) -> Result<Self> {
        Self::listening(command(role, dir)?).await
    }

    /// Starts the program people run, `hark-server`, where it was built beside this one: its memory and its start are not those
    /// of this program in another role.
    pub(crate) async fn server(dir: &Path) -> Result<Self> {
        let program =
            std::env::current_exe()?.with_file_name(format!("hark-server{}", std::env::consts::EXE_SUFFIX));
        ensure!(
            program.exists(),
            "{} was not built: cargo build --release -p hark-server",
            program.display()
        );
        let mut command = Command::new(program);
        command.arg("serve").arg("--data").arg(dir).kill_on_drop(true);
        command.args(["--listen", "127.0.0.1:0", "--server-name", "bench.test"]);
        command.args(["--registration", "open", "--rate-limits", "off"]).env("RUST_LOG", "warn");
        Self::listening(command).await
    }

    async fn listening(mut command: Command) -> Result<Self> {
        let mut process = command.stdout(Stdio::piped()).spawn().context("start a child process")?;
        let pid = process.id().context("the child ended at once")?;
        let stdout = process.stdout.take().context("the child has no output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).await?;
        let url = line.split_whitespace().find(|word| word.contains("://"));
        let url = url.with_context(|| format!("the child did not start: {line}"))?.to_owned();
        Ok(Self { process, pid, url })
    }

    /// Runs a child to its end; what it printed.
    pub(crate) async fn output(role: Role, dir: &Path) -> Result<String> {
        Self::output_with(role, dir, &[] as &[(&str, &str)]).await
    }

    /// Runs a child with more in its environment to its end; what it printed.
    pub(crate) async fn output_with(
        role: Role,
        dir: &Path,
        environment: &[(&str, impl AsRef<OsStr>)],
    ) -> Result<String> {
        let mut command = command(role, dir)?;
        command.envs(environment.iter().map(|(name, value)| (*name, value)));
        let output = command.stderr(Stdio::inherit()).output().await?;
        ensure!(output.status.success(), "the child failed: {role:?}");
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Where it listens.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// Ends it.
    pub(crate) async fn stop(mut self) -> Result<()> {
        self.process.kill().await?;
        Ok(())
    }
}

fn command(role: Role, dir: &Path) -> Result<Command> {
    use clap::ValueEnum as _;
    let role = role.to_possible_value().context("a role without a name")?;
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("--role").arg(role.get_name()).arg("--dir").arg(dir).kill_on_drop(true);
    Ok(command)
}
