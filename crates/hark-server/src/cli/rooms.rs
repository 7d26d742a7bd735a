//! `hark-server room`.

use clap::Subcommand;

use super::place::{Place, date, plain};

/// They work while the server runs, and while it does not.
#[derive(Subcommand)]
pub(crate) enum Room {
    /// List the rooms: id, members, when something was said last, name.
    List {
        #[command(flatten)]
        place: Place,
    },
    /// Show everybody out of a room and delete what was said in it, for good. Its files go with `media prune`, when nothing else
    /// shows them.
    Purge {
        /// The room's id or one of its aliases.
        room: String,
        #[command(flatten)]
        place: Place,
    },
}

impl Room {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::List { place } => {
                let rooms = place.operator().rooms().await?;
                place.list(&rooms, |room| {
                    let shown = room.name.as_ref().or(room.alias.as_ref());
                    vec![
                        room.room_id.clone(),
                        room.joined.to_string(),
                        date(room.last_event_ms),
                        shown.map(|name| plain(name)).unwrap_or_default(),
                    ]
                })
            }
            Self::Purge { room, place } => {
                let purged = place.operator().purge_room(&room).await?;
                place.tell(&purged, || {
                    format!(
                        "{} is purged: {} members were shown out, {} events are gone.",
                        purged.room_id, purged.members, purged.events
                    )
                })
            }
        }
    }
}
