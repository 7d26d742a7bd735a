//! `hark-server media`.

use clap::Subcommand;

use super::place::Place;

/// They work while the server runs, and while it does not.
#[derive(Subcommand)]
pub(crate) enum Media {
    /// Clear away the uploads nothing has referred to for a while, and files no upload has. A server does it by itself every hour, but
    /// leaves a file in place for an hour, for backups that are being taken: this does not.
    Prune {
        #[command(flatten)]
        place: Place,
    },
}

impl Media {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        let Self::Prune { place } = self;
        let cleared = place.operator().prune_media().await?;
        place.tell(&cleared, || {
            let mebibytes = cleared.bytes as f64 / f64::from(1 << 20);
            format!("{} uploads and {} files are gone ({mebibytes:.1} MiB).", cleared.uploads, cleared.files)
        })
    }
}
