//! What the server does when it is told to.

use ruma::{OwnedRoomId, OwnedUserId, RoomAliasId, RoomId};
use serde::Serialize;
use serde_json::Value;

use super::wire::{Order, Page};
use crate::{
    AdminError, App,
    accounts::{Secret, names},
    clock, closing,
    http::ApiError,
    random, server,
    store::{Snapshot, StoreError},
};

/// Letters of a registration token that is made up: none that looks like another.
const TOKEN_LETTERS: &[u8] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// The longest registration token (spec: "Token-authenticated registration").
const LONGEST_TOKEN: usize = 64;
/// Entries told at once, at most.
const LARGEST_PAGE: usize = 500;

/// Does one thing and says how it went.
#[expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the methods are not general over the snapshot's lifetime"
)]
pub(super) async fn obey(app: &App, order: Order) -> Result<Value, AdminError> {
    match order {
        Order::AddUser { name, password, admin, display_name } => {
            told(add_user(app, &name, &password, admin, display_name.as_deref()).await)
        }
        Order::ListUsers(page) => list(app, page, |snap, after, limit| snap.users_after(after, limit)).await,
        Order::DeactivateUser { user, erase } => told(deactivate(app, &user, erase).await),
        Order::ResetPassword { user, password } => told(reset_password(app, &user, password).await),
        Order::AddRegistrationToken { token, uses, expires_ms } => {
            told(add_registration_token(app, token, uses, expires_ms).await)
        }
        Order::ListRegistrationTokens(page) => {
            list(app, page, |snap, after, limit| snap.registration_tokens_after(after, limit)).await
        }
        Order::RemoveRegistrationToken { token } => told(remove_registration_token(app, token).await),
        Order::ListRooms(page) => list(app, page, |snap, after, limit| snap.rooms_after(after, limit)).await,
        Order::PruneMedia => told(app.media.prune().await.map_err(AdminError::from)),
        Order::PurgeRoom { room } => told(purge_room(app, &room).await),
        Order::Watch | Order::Stop => Err(AdminError("There is no server to watch or stop.".to_owned())),
    }
}

async fn add_user(
    app: &App,
    name: &str,
    password: &str,
    admin: bool,
    display_name: Option<&str>,
) -> Result<String, AdminError> {
    let user_id = server::add_user(app, name, password, admin).await?;
    if let Some(display_name) = display_name {
        server::set_display_name(app, &user_id, display_name).await?;
    }
    Ok(user_id)
}

async fn deactivate(app: &App, user: &str, erase: bool) -> Result<String, AdminError> {
    let user = find_user(app, user).await?;
    closing::close(app, user.clone(), erase).await?;
    Ok(user.into())
}

async fn reset_password(app: &App, user: &str, password: String) -> Result<String, AdminError> {
    let user = find_user(app, user).await?;
    app.accounts.reset_password(&user, Secret::new(password)).await?;
    Ok(user.into())
}

/// Somebody with an account that is not closed, by name or full id.
async fn find_user(app: &App, name: &str) -> Result<OwnedUserId, AdminError> {
    let nobody = || refused("There is nobody of that name. See: hark-server user list.");
    let user = names::existing_user(name, app.accounts.server_name()).ok_or_else(nobody)?;
    let asked = user.clone();
    match app.store.read::<_, StoreError, _>(move |snap| snap.account(&asked)).await? {
        Some(account) if account.closed => Err(refused("That account is deactivated already.")),
        Some(_) => Ok(user),
        None => Err(nobody()),
    }
}

async fn add_registration_token(
    app: &App,
    token: Option<String>,
    uses: Option<u32>,
    expires_ms: Option<i64>,
) -> Result<String, AdminError> {
    let token = token.unwrap_or_else(|| random::letters(TOKEN_LETTERS, 20));
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._~-".contains(c);
    if token.is_empty() || token.len() > LONGEST_TOKEN || !token.chars().all(allowed) {
        return Err(refused("A token has 1 to 64 letters a to z and A to Z, digits and . _ ~ - only."));
    }
    let stored = token.clone();
    let write = app.store.write::<_, StoreError, _>(move |tx| {
        tx.add_registration_token(&stored, uses, expires_ms, clock::now_ms())
    });
    if write.await? { Ok(token) } else { Err(refused("There is such a token already. Choose another.")) }
}

async fn remove_registration_token(app: &App, token: String) -> Result<(), AdminError> {
    let write = app.store.write::<_, StoreError, _>(move |tx| tx.remove_registration_token(&token));
    if write.await? { Ok(()) } else { Err(refused("There is no such token. See: hark-server token list.")) }
}

async fn purge_room(app: &App, room: &str) -> Result<crate::Purged, AdminError> {
    let room = find_room(app, room).await?;
    app.rooms.purge(room).await.map_err(|error| ApiError::from(error).into())
}

/// A room of this server by its id or an alias.
async fn find_room(app: &App, room: &str) -> Result<OwnedRoomId, AdminError> {
    let none = || refused("There is no such room. See: hark-server room list.");
    if let Ok(room) = RoomId::parse(room) {
        return Ok(room);
    }
    let alias = RoomAliasId::parse(room).map_err(|_| none())?;
    let read = app.store.read::<_, StoreError, _>(move |snap| match snap.alias(&alias)? {
        Some((nid, _)) => Ok(snap.room(nid)?.map(|room| room.id)),
        None => Ok(None),
    });
    read.await?.ok_or_else(none)
}

async fn list<T: Serialize + Send + 'static>(
    app: &App,
    page: Page,
    look: impl FnOnce(&Snapshot<'_>, &str, usize) -> Result<Vec<T>, StoreError> + Send + 'static,
) -> Result<Value, AdminError> {
    let limit = page.limit.min(LARGEST_PAGE);
    told(Ok(app.store.read::<_, StoreError, _>(move |snap| look(snap, &page.after, limit)).await?))
}

fn told(done: Result<impl Serialize, AdminError>) -> Result<Value, AdminError> {
    serde_json::to_value(done?).map_err(|error| AdminError(error.to_string()))
}

fn refused(sentence: &str) -> AdminError {
    AdminError(sentence.to_owned())
}

impl From<ApiError> for AdminError {
    fn from(error: ApiError) -> Self {
        Self(error.message().to_owned())
    }
}

impl From<StoreError> for AdminError {
    fn from(error: StoreError) -> Self {
        Self(format!("The database could not do it: {error}."))
    }
}
