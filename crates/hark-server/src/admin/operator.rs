//! Whoever administers a server, whether it runs or not.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use super::{
    ask::carry_out,
    wire::{Order, Page},
};
use crate::{AdminError, Cleared, Purged, RoomEntry, TokenEntry, UserEntry};

/// Entries asked for at once.
const PAGE: usize = 200;

/// Administers the server on a data folder: through the process that serves it, or by itself where none does.
#[derive(Clone, Debug)]
pub struct Operator {
    data_dir: PathBuf,
}

/// A token to register with that is to be made.
#[derive(Clone, Debug, Default)]
pub struct NewToken {
    /// What newcomers type; made up if not given.
    pub token: Option<String>,
    /// How many accounts it makes; without end if not given.
    pub uses: Option<u32>,
    /// When it ends, in milliseconds since 1970; never if not given.
    pub expires_ms: Option<i64>,
}

impl Operator {
    /// That of the server on `data_dir`.
    pub fn of(data_dir: &Path) -> Self {
        Self { data_dir: data_dir.to_owned() }
    }

    /// Adds an account and returns its full id.
    pub async fn add_user(&self, name: &str, password: &str, admin: bool) -> Result<String, AdminError> {
        let (name, password) = (name.to_owned(), password.to_owned());
        self.order(Order::AddUser { name, password, admin, display_name: None }).await
    }

    /// Everybody with an account.
    pub async fn users(&self) -> Result<Vec<UserEntry>, AdminError> {
        self.all(Order::ListUsers, |user: &UserEntry| &user.user_id).await
    }

    /// Closes an account for ever: its devices are signed out, its rooms left, its name stays taken. With `erase`, whoever comes to
    /// those rooms later is not shown what its owner said. Returns the full id.
    pub async fn deactivate_user(&self, user: &str, erase: bool) -> Result<String, AdminError> {
        self.order(Order::DeactivateUser { user: user.to_owned(), erase }).await
    }

    /// Gives an account another password and signs its devices out. Returns the full id.
    pub async fn reset_password(&self, user: &str, password: &str) -> Result<String, AdminError> {
        self.order(Order::ResetPassword { user: user.to_owned(), password: password.to_owned() }).await
    }

    /// Makes a token to register with and returns it.
    pub async fn new_token(&self, new: NewToken) -> Result<String, AdminError> {
        let NewToken { token, uses, expires_ms } = new;
        self.order(Order::AddRegistrationToken { token, uses, expires_ms }).await
    }

    /// Every token to register with.
    pub async fn tokens(&self) -> Result<Vec<TokenEntry>, AdminError> {
        self.all(Order::ListRegistrationTokens, |token: &TokenEntry| &token.token).await
    }

    /// Ends a token to register with.
    pub async fn remove_token(&self, token: &str) -> Result<(), AdminError> {
        self.order(Order::RemoveRegistrationToken { token: token.to_owned() }).await
    }

    /// Every room that is not purged.
    pub async fn rooms(&self) -> Result<Vec<RoomEntry>, AdminError> {
        self.all(Order::ListRooms, |room: &RoomEntry| &room.room_id).await
    }

    /// Shows everybody out of a room, by its id or an alias, and deletes what was said in it. Broken off, it can be done again.
    pub async fn purge_room(&self, room: &str) -> Result<Purged, AdminError> {
        self.order(Order::PurgeRoom { room: room.to_owned() }).await
    }

    /// Clears away the uploads nothing refers to, and files that no upload has.
    pub async fn prune_media(&self) -> Result<Cleared, AdminError> {
        self.order(Order::PruneMedia).await
    }

    async fn order<T: DeserializeOwned>(&self, order: Order) -> Result<T, AdminError> {
        carry_out(&self.data_dir, order).await
    }

    /// The whole of a list that is told a page at a time, in the order of `id`.
    async fn all<T: DeserializeOwned>(
        &self,
        list: impl Fn(Page) -> Order,
        id: impl Fn(&T) -> &String,
    ) -> Result<Vec<T>, AdminError> {
        let mut all: Vec<T> = Vec::new();
        loop {
            let after = all.last().map(|last| id(last).clone()).unwrap_or_default();
            let page: Vec<T> = self.order(list(Page { after, limit: PAGE })).await?;
            let is_last = page.len() < PAGE;
            all.extend(page);
            if is_last {
                return Ok(all);
            }
        }
    }
}
