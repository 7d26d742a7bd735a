//! Output of a command on this terminal.

use std::io::{self, IsTerminal as _, Write as _};

use tokio::sync::mpsc;

use super::Output;
use crate::platform;

/// Shows everything until the sending side is dropped, or nobody reads stdout any more.
pub(super) async fn print(mut shown: mpsc::Receiver<Output>, open_links: bool) {
    let for_a_person = io::stderr().is_terminal();
    let mut progress = Progress::default();
    while let Some(output) = shown.recv().await {
        if !matches!(output, Output::Progress(_)) {
            progress.clear();
        }
        let written = match output {
            Output::Progress(line) if for_a_person => progress.show(&line),
            Output::Line(line) => line_to(&mut io::stdout().lock(), &line),
            Output::Note(line) => line_to(&mut io::stderr().lock(), &format!("hark: {line}")),
            Output::Url(url) => {
                let written = line_to(&mut io::stdout().lock(), &url);
                if open_links && platform::has_display() {
                    open_in_browser(&url);
                }
                written
            }
            Output::Progress(_) | Output::Kept { .. } | Output::Heard { .. } => Ok(()),
        };
        if written.is_err() {
            return;
        }
    }
    progress.clear();
}

/// The line on stderr that replaces itself.
#[derive(Default)]
struct Progress {
    width: usize,
}

impl Progress {
    fn show(&mut self, line: &str) -> io::Result<()> {
        let width = std::mem::replace(&mut self.width, line.chars().count());
        let mut to = io::stderr().lock();
        write!(to, "\r{line:width$}")?;
        to.flush()
    }

    fn clear(&mut self) {
        let width = std::mem::take(&mut self.width);
        if width > 0 {
            // Where stderr is gone there is nothing to clear.
            let _ = write!(io::stderr().lock(), "\r{:width$}\r", "");
        }
    }
}

/// Each line at once: another program may be waiting for it.
fn line_to(to: &mut impl io::Write, line: &str) -> io::Result<()> {
    writeln!(to, "{line}")?;
    to.flush()
}

fn open_in_browser(url: &str) {
    if let Err(error) = open::that_detached(url) {
        tracing::warn!(%error, "no browser could be opened; the link is on the terminal");
    }
}
