//! `hark-server user`.

use clap::Subcommand;
use serde_json::json;

use super::{
    password,
    place::{Place, date},
};

/// They work while the server runs, and while it does not.
#[derive(Subcommand)]
pub(crate) enum User {
    /// Add an account; the password is read from standard input.
    Add {
        /// The part of the id before the colon.
        name: String,
        #[command(flatten)]
        place: Place,
        /// Let this user administer the server.
        #[arg(long)]
        admin: bool,
    },
    /// List the accounts: id, since when (UTC), devices, who is an administrator.
    List {
        #[command(flatten)]
        place: Place,
    },
}

impl User {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Add { name, place, admin } => {
                let password = password::read()?;
                let user_id = place.operator().add_user(&name, &password, admin).await?;
                place.tell(&json!({ "user_id": user_id, "admin": admin }), || user_id.clone())
            }
            Self::List { place } => {
                let users = place.operator().users().await?;
                place.list(&users, |user| {
                    vec![
                        user.user_id.clone(),
                        format!("since {}", date(user.created_ms)),
                        format!("{} devices", user.devices),
                        if user.admin { "administrator".to_owned() } else { String::new() },
                    ]
                })
            }
        }
    }
}
