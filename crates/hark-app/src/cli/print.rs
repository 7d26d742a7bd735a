//! Output of a command on this terminal.

use std::io;

use tokio::sync::mpsc;

use super::Output;
use crate::platform;

/// Shows everything until the sending side is dropped, or nobody reads stdout any more.
pub(super) async fn print(mut shown: mpsc::Receiver<Output>, open_links: bool) {
    while let Some(output) = shown.recv().await {
        let written = match output {
            Output::Line(line) => line_to(&mut io::stdout().lock(), &line),
            Output::Note(line) => line_to(&mut io::stderr().lock(), &format!("hark: {line}")),
            Output::Url(url) => {
                let written = line_to(&mut io::stdout().lock(), &url);
                if open_links && platform::has_display() {
                    open_in_browser(&url);
                }
                written
            }
            Output::Kept { .. } | Output::Heard { .. } => Ok(()),
        };
        if written.is_err() {
            return;
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
