//! Closing an account for ever. Once it is decided nothing opens the account any more; then its rooms are left, which may take a
//! while and goes on after a restart.

use ruma::OwnedUserId;

use crate::{App, http::ApiError, store::StoreError};

/// Closes an account and leaves its rooms. With `erase`, whoever comes to those rooms later is not shown what its owner said.
pub(crate) async fn close(app: &App, user: OwnedUserId, erase: bool) -> Result<(), ApiError> {
    app.accounts.close(&user, erase).await?;
    depart(app, user).await
}

/// Leaves the rooms of accounts whose closing was broken off.
#[expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the method is not general over the snapshot's lifetime"
)]
pub(crate) async fn resume(app: &App) -> Result<(), ApiError> {
    for user in app.store.read::<_, StoreError, _>(|snap| snap.users_leaving()).await? {
        depart(app, user).await?;
    }
    Ok(())
}

async fn depart(app: &App, user: OwnedUserId) -> Result<(), ApiError> {
    app.rooms.leave_all(&user).await?;
    Ok(app.store.write::<_, StoreError, _>(move |tx| tx.user_has_left(&user)).await?)
}
