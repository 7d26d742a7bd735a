//! `hark-server status` and `stop`.

use std::path::PathBuf;

use clap::Args;

use super::say;

#[derive(Args)]
pub(crate) struct Status {
    /// The server's folder.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
}

#[derive(Args)]
pub(crate) struct Stop {
    /// The server's folder.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
}

impl Status {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match hark_server::watch(&self.data).await? {
            Some(watch) => say(&watch.running().to_string()),
            None => anyhow::bail!(
                "No hark-server runs on {}. Start one: hark-server serve --data {0}",
                self.data.display()
            ),
        }
    }
}

impl Stop {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let stopped = hark_server::stop(&self.data).await?;
        say(if stopped { "hark-server has ended." } else { "No hark-server runs there." })
    }
}
