//! What can be said at the start.

use std::path::PathBuf;

use clap::Parser;

/// Hark's window on the desktop
#[derive(Clone, Debug, Parser)]
#[command(name = "hark-desktop", version)]
pub(crate) struct Options {
    /// Where account and messages are kept; by default where the system keeps a program's data
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Start without showing the window, where there is a tray to open it from
    #[arg(long)]
    pub(crate) hidden: bool,
    /// Where nobody is signed in: a server of its own and a contact who answers, without a question
    #[arg(long = "try")]
    pub(crate) try_it: bool,
    /// A matrix: or https://matrix.to link to show
    pub(crate) link: Option<String>,
}
