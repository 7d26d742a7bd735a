//! `hark-server backup`, `restore` and `check`.

use std::path::PathBuf;

use clap::Args;

use super::say;

#[derive(Args)]
pub(crate) struct Backup {
    /// The server's folder.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The backup: a folder that does not exist yet. It holds the signing key, so keep it as you keep the server's folder.
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
}

#[derive(Args)]
pub(crate) struct Restore {
    /// The backup.
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// The new folder of the server: empty, or not there yet.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
}

#[derive(Args)]
pub(crate) struct Check {
    /// The folder.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
}

impl Backup {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        hark_server::backup(&self.data, &self.to)?;
        say(&format!(
            "{} is a whole backup. It holds the signing key: let nobody else read it.",
            self.to.display()
        ))
    }
}

impl Restore {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        hark_server::restore(&self.from, &self.data)?;
        say(&format!("{0} is restored. Start it: hark-server serve --data {0}", self.data.display()))
    }
}

impl Check {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let checked = hark_server::check(&self.data)?;
        anyhow::ensure!(checked.faults.is_empty(), "{checked}");
        say(&checked.to_string())
    }
}
