//! Accounts: who may sign in, and which token speaks for which device.
//!
//! Every way into an account passes [`Accounts::check_password`]; every token is looked up by [`Accounts::session`]. Passwords and
//! tokens are seen here and nowhere else, are stored as hashes, and appear in no `Debug` output. A device comes and goes in
//! [`signing`]; what belongs to it goes with it in [`ended`](signing::ended).

mod bearing;
mod changing;
pub(crate) mod names;
mod passwords;
mod refreshing;
mod sessions;
mod short_lived;
mod signing;
mod standing;
mod token;
pub(crate) mod uia;

use std::{sync::Arc, time::Duration};

use ruma::{OwnedServerName, OwnedUserId, ServerName, UserId};

pub(crate) use self::{
    changing::Keep,
    passwords::Secret,
    sessions::Seen,
    signing::NewDevice,
    standing::{Hold, Standing},
    token::Token,
};
use self::{passwords::Passwords, sessions::Sessions, short_lived::ShortLived};
use crate::{
    clock,
    http::ApiError,
    store::{Store, StoreError, Tx},
};

/// How long a token lives that signs another device in.
const LOGIN_TOKEN_LIFETIME: Duration = Duration::from_mins(2);
/// How long a token lives that tells another service who somebody is.
const IDENTITY_TOKEN_LIFETIME: Duration = Duration::from_hours(1);

/// What a new account is made of.
pub(crate) struct NewAccount {
    /// Its id, checked by [`names`].
    pub(crate) user_id: OwnedUserId,
    /// Its password.
    pub(crate) password: Secret,
    /// Whether it may administer the server.
    pub(crate) admin: bool,
    /// The registration token to use up, where one is needed.
    pub(crate) registration_token: Option<String>,
}

/// Accounts, sessions and passwords of one server.
pub(crate) struct Accounts {
    store: Store,
    server_name: OwnedServerName,
    passwords: Passwords,
    sessions: Arc<Sessions>,
    /// How long an access token lives that can be refreshed.
    token_lifetime: Duration,
    /// Steps of user-interactive authentication under way.
    pub(crate) uia: uia::Uia,
    /// Tokens that sign another device in, once.
    pub(crate) login_tokens: ShortLived,
    /// Tokens that tell other services who somebody is.
    pub(crate) identity_tokens: ShortLived,
}

impl Accounts {
    /// Over the accounts in `store`.
    pub(crate) fn new(store: Store, server_name: OwnedServerName, token_lifetime: Duration) -> Self {
        Self {
            store,
            server_name,
            passwords: Passwords::new(),
            sessions: Arc::default(),
            token_lifetime,
            uia: uia::Uia::default(),
            login_tokens: ShortLived::new(LOGIN_TOKEN_LIFETIME),
            identity_tokens: ShortLived::new(IDENTITY_TOKEN_LIFETIME),
        }
    }

    /// The server's name, the part of an id behind the colon.
    pub(crate) fn server_name(&self) -> &ServerName {
        &self.server_name
    }

    /// Adds an account.
    pub(crate) async fn create(&self, new: NewAccount) -> Result<(), ApiError> {
        let hash = self.passwords.hash(new.password).await?;
        let now = clock::now_ms();
        self.store
            .write(move |tx| {
                if !tx.add_user(&new.user_id, Some(&hash), new.admin, now)? {
                    return Err(names::taken());
                }
                match &new.registration_token {
                    Some(token) if !tx.use_registration_token(token, now)? => {
                        Err(ApiError::forbidden("This registration token was used up: ask for another."))
                    }
                    _ => Ok(()),
                }
            })
            .await
    }

    /// Whether `password` opens the account of `user`. Takes the same time whether or not there is such an account.
    pub(crate) async fn check_password(&self, user: &UserId, password: Secret) -> Result<bool, ApiError> {
        let owner = user.to_owned();
        let account = self.store.read::<_, StoreError, _>(move |snap| snap.account(&owner)).await?;
        let stored = account.and_then(|account| account.password_hash);
        let verdict = self.passwords.verify(password, stored.clone()).await?;
        if let (passwords::Verdict::RightButCheap(stronger), Some(cheap)) = (&verdict, stored) {
            let (owner, stronger) = (user.to_owned(), stronger.clone());
            let changed = move |tx: &mut Tx<'_>| tx.strengthen_password_hash(&owner, &cheap, &stronger);
            self.store.write::<_, StoreError, _>(changed).await?;
        }
        Ok(verdict != passwords::Verdict::Wrong)
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::atomic::Ordering, time::Duration};

    use ruma::{owned_server_name, owned_user_id, user_id};

    use super::{Accounts, NewAccount, Secret};
    use crate::store::Store;

    /// The work is counted, not timed.
    #[tokio::test]
    async fn who_has_no_account_costs_what_a_wrong_password_costs() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("hark.db")).unwrap();
        let accounts = Accounts::new(store, owned_server_name!("x.org"), Duration::from_hours(1));
        for user_id in [owned_user_id!("@alice:x.org"), owned_user_id!("@gone:x.org")] {
            let password = Secret::new("right".to_owned());
            accounts
                .create(NewAccount { user_id, password, admin: false, registration_token: None })
                .await
                .unwrap();
        }
        accounts.close(user_id!("@gone:x.org"), false).await.unwrap();
        for (user, password, right) in [
            (user_id!("@alice:x.org"), "right", true),
            (user_id!("@alice:x.org"), "wrong", false),
            (user_id!("@nobody:x.org"), "wrong", false),
            (user_id!("@gone:x.org"), "right", false),
        ] {
            let before = accounts.passwords.computed.load(Ordering::Relaxed);
            let answer = accounts.check_password(user, Secret::new(password.to_owned())).await.unwrap();
            assert_eq!(answer, right, "{user} {password}");
            assert_eq!(accounts.passwords.computed.load(Ordering::Relaxed) - before, 1, "{user} {password}");
        }
    }
}
