//! Accounts that whoever runs the server holds back (spec: "Account suspension", "Account locking"). Both can be undone.
//!
//! A suspended user reads and takes care of their own devices and keys, but says nothing to others. A locked one can only sign out.

use ruma::UserId;

use super::{Accounts, sessions::Ended};
use crate::{clock, http::ApiError, store::StoreError};

/// Who an endpoint is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Whoever has a token, be their account locked.
    Any,
    /// Those whose account is not locked.
    #[default]
    Unlocked,
    /// Those who are not suspended either: what others hear of.
    Good,
}

/// How an account is held back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hold {
    /// Its owner reads only.
    Suspended,
    /// Its owner does nothing.
    Locked,
}

impl Accounts {
    /// Holds an account back in one way, or no longer.
    pub(crate) async fn set_held(&self, user: &UserId, hold: Hold, held: bool) -> Result<(), ApiError> {
        let owner = user.to_owned();
        self.revoking(move |tx| match hold {
            Hold::Suspended => tx.set_suspended(&owner, held),
            Hold::Locked => tx.set_locked(&owner, held),
        })
        .await?;
        match (hold, held) {
            (Hold::Locked, true) => self.sessions.revoke(Ended::User(user.to_owned()), clock::now_ms()),
            _ => self.sessions.forget(user),
        }
        Ok(())
    }

    /// Whether an account is held back in one way; `None` when there is none that is open.
    pub(crate) async fn is_held(&self, user: &UserId, hold: Hold) -> Result<Option<bool>, StoreError> {
        let owner = user.to_owned();
        let account = self.store.read::<_, StoreError, _>(move |snap| snap.account(&owner)).await?;
        Ok(account.filter(|account| !account.closed).map(|account| match hold {
            Hold::Suspended => account.suspended,
            Hold::Locked => account.locked,
        }))
    }

    /// Whether `user` may administer the server.
    pub(crate) async fn is_admin(&self, user: &UserId) -> Result<bool, StoreError> {
        let owner = user.to_owned();
        let account = self.store.read::<_, StoreError, _>(move |snap| snap.account(&owner)).await?;
        Ok(account.is_some_and(|account| account.admin && !account.closed))
    }
}
