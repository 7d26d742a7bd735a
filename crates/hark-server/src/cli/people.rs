//! `hark-server user`.

use clap::Subcommand;
use hark_server::UserState;
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
    /// List the accounts: id, since when (UTC), devices, what they may do, who is an administrator.
    List {
        #[command(flatten)]
        place: Place,
    },
    /// Close an account for ever: its devices are signed out, its rooms left, its name stays taken.
    Deactivate {
        /// The name or the full id.
        name: String,
        #[command(flatten)]
        place: Place,
        /// Hide what they said from whoever comes to those rooms later.
        #[arg(long)]
        erase: bool,
    },
    /// Give an account another password, read from standard input. Its devices are signed out.
    ResetPassword {
        /// The name or the full id.
        name: String,
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
                        state(user.state).to_owned(),
                        if user.admin { "administrator".to_owned() } else { String::new() },
                    ]
                })
            }
            Self::Deactivate { name, place, erase } => {
                let user_id = place.operator().deactivate_user(&name, erase).await?;
                place.tell(&json!({ "user_id": user_id, "erased": erase }), || {
                    format!("{user_id} is deactivated. Their uploads stay.")
                })
            }
            Self::ResetPassword { name, place } => {
                let password = password::read()?;
                let user_id = place.operator().reset_password(&name, &password).await?;
                place.tell(&json!({ "user_id": user_id }), || {
                    format!("{user_id} has the new password. Their devices are signed out.")
                })
            }
        }
    }
}

fn state(state: UserState) -> &'static str {
    match state {
        UserState::Active => "active",
        UserState::Suspended => "suspended",
        UserState::Locked => "locked",
        UserState::Deactivated => "deactivated",
    }
}
