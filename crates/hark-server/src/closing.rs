//! Closing an account for ever. Once it is decided nothing opens the account any more; then its rooms are left and, if it is to be
//! erased, its files deleted, which may take a while and goes on after a restart.

use ruma::OwnedUserId;

use crate::{App, http::ApiError, store::StoreError};

/// Closes an account and leaves its rooms. With `erase`, whoever comes to those rooms later is not shown what its owner said, and its
/// files are gone (MO4).
pub(crate) async fn close(app: &App, user: OwnedUserId, erase: bool) -> Result<(), ApiError> {
    app.accounts.close(&user, erase).await?;
    depart(app, user, erase).await
}

/// Leaves the rooms of accounts whose closing was broken off.
#[expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the method is not general over the snapshot's lifetime"
)]
pub(crate) async fn resume(app: &App) -> Result<(), ApiError> {
    for (user, erased) in app.store.read::<_, StoreError, _>(|snap| snap.users_leaving()).await? {
        depart(app, user, erased).await?;
    }
    Ok(())
}

async fn depart(app: &App, user: OwnedUserId, erased: bool) -> Result<(), ApiError> {
    app.rooms.leave_all(&user).await?;
    if erased {
        app.media.purge_user_media(&user).await?;
    }
    Ok(app.store.write::<_, StoreError, _>(move |tx| tx.user_has_left(&user)).await?)
}
