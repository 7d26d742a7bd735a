//! Running other programs.

use std::ffi::OsStr;
use std::io::{PipeReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::repo;

/// A command line to be; it runs in the clone unless told otherwise.
pub(crate) struct Call {
    command: Command,
    title: String,
}

/// What a program said, standard output and error as they came, and whether it ended with 0.
pub(crate) struct Said {
    pub(crate) ok: bool,
    pub(crate) text: String,
}

/// The cargo this was started by.
pub(crate) fn cargo<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Call {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    call(cargo, arguments)
}

/// npm, in ui/.
pub(crate) fn npm<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Call {
    let name = if cfg!(windows) { "npm.cmd" } else { "npm" };
    call(name, arguments).within(&repo::ui())
}

/// Any program.
pub(crate) fn call<A: AsRef<OsStr>>(
    program: impl AsRef<OsStr>,
    arguments: impl IntoIterator<Item = A>,
) -> Call {
    let name = Path::new(program.as_ref()).file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut command = Command::new(program);
    command.current_dir(repo::root()).stdin(Stdio::null());
    let mut call = Call { command, title: name };
    for argument in arguments {
        call.title = format!("{} {}", call.title, argument.as_ref().to_string_lossy());
        call.command.arg(argument);
    }
    call
}

impl Call {
    /// Runs in another folder.
    pub(crate) fn within(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Sets a variable of its environment.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Lets it speak for itself and demands that it ends with 0. What it says goes to standard error, which keeps
    /// standard output for results.
    pub(crate) fn run(mut self) -> Result<()> {
        let status = self.command.stdout(std::io::stderr()).status().with_context(|| self.title.clone())?;
        if !status.success() {
            bail!("{} ended with {status}", self.title);
        }
        Ok(())
    }

    /// Lets it speak for itself, to the end, and returns its exit code.
    pub(crate) fn code(mut self) -> Result<u8> {
        let status = self.command.status().with_context(|| self.title.clone())?;
        Ok(u8::try_from(status.code().unwrap_or(1)).unwrap_or(1))
    }

    /// Listens to what it says, both streams as one, to the end.
    pub(crate) fn listen(mut self) -> Result<Said> {
        let (mut child, reader) = self.piped()?;
        // The writing ends must be gone here, or the reading end never sees the end.
        drop(self);
        let text = read(reader);
        Ok(Said { ok: child.wait()?.success(), text })
    }

    /// As [`Call::listen`], but kills it when it takes longer than `limit`. What it started itself may outlive it and
    /// hold its streams, so its end and not theirs is waited for.
    pub(crate) fn listen_for(mut self, limit: Duration) -> Result<Said> {
        let (mut child, reader) = self.piped()?;
        drop(self);
        let (send, heard) = mpsc::channel();
        thread::spawn(move || send.send(read(reader)));
        let step = Duration::from_millis(20);
        let mut waited = Duration::ZERO;
        let status = loop {
            match child.try_wait()? {
                Some(status) => break Some(status),
                None if waited > limit => break None,
                None => {
                    thread::sleep(step);
                    waited += step;
                }
            }
        };
        if status.is_none() {
            child.kill()?;
            child.wait()?;
        }
        let text = heard
            .recv_timeout(Duration::from_secs(5))
            .unwrap_or_else(|_| "its output never ended".to_owned());
        let hung =
            if status.is_none() { format!("\nkilled after {} s\n", limit.as_secs()) } else { String::new() };
        Ok(Said { ok: status.is_some_and(|status| status.success()), text: text + &hung })
    }

    fn piped(&mut self) -> Result<(Child, PipeReader)> {
        let (reader, writer) = std::io::pipe()?;
        self.command.stdout(writer.try_clone()?).stderr(writer);
        Ok((self.command.spawn().with_context(|| self.title.clone())?, reader))
    }

    /// Its standard output, which must end with 0; standard error is let through.
    pub(crate) fn output(mut self) -> Result<String> {
        let output = self.command.stderr(Stdio::inherit()).output().with_context(|| self.title.clone())?;
        if !output.status.success() {
            bail!("{} ended with {}", self.title, output.status);
        }
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Starts it without waiting; standard output is ours to read.
    pub(crate) fn start(mut self) -> Result<Child> {
        self.command.stdout(Stdio::piped()).spawn().with_context(|| self.title.clone())
    }
}

fn read(mut reader: PipeReader) -> String {
    let mut bytes = Vec::new();
    // What was read before an error is worth showing.
    let _ = reader.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}
