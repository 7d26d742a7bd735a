//! Accounts: who may sign in, and which token speaks for which device.
//!
//! Every way into an account passes [`Accounts::check_password`]; every token is looked up by [`Accounts::session`]. Passwords and
//! tokens are seen here and nowhere else, are stored as hashes, and appear in no `Debug` output.

pub(crate) mod names;
mod passwords;
mod sessions;
pub(crate) mod uia;

use ruma::{DeviceId, OwnedDeviceId, OwnedServerName, OwnedUserId, ServerName, UserId};

use self::{
    passwords::Passwords,
    sessions::{Ended, Sessions},
};
pub(crate) use self::{passwords::Secret, sessions::Token};
use crate::{
    clock,
    http::{ApiError, Session},
    random,
    store::{Store, StoreError},
};

/// Devices one user may have.
const MAX_DEVICES: usize = 200;
/// Letters of a generated device id.
const DEVICE_LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";

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

/// A device that is to be signed in.
#[derive(Debug, Default)]
pub(crate) struct NewDevice {
    /// Its id, or none to have one made.
    pub(crate) device_id: Option<OwnedDeviceId>,
    /// Its name.
    pub(crate) display_name: Option<String>,
}

/// Accounts, sessions and passwords of one server.
pub(crate) struct Accounts {
    store: Store,
    server_name: OwnedServerName,
    passwords: Passwords,
    sessions: Sessions,
    /// Steps of user-interactive authentication under way.
    pub(crate) uia: uia::Uia,
}

impl Accounts {
    /// Over the accounts in `store`.
    pub(crate) fn new(store: Store, server_name: OwnedServerName) -> Self {
        Self {
            store,
            server_name,
            passwords: Passwords::new(),
            sessions: Sessions::default(),
            uia: uia::Uia::default(),
        }
    }

    /// The server's name, the part of an id behind the colon.
    pub(crate) fn server_name(&self) -> &ServerName {
        &self.server_name
    }

    /// Whose token this is. A failing database is an error, never "unknown token".
    pub(crate) async fn session(&self, token: &str) -> Result<Option<Session>, StoreError> {
        let hash = sessions::hash(token);
        if let Some(session) = self.sessions.get(&hash) {
            return Ok(Some(session));
        }
        let revocations = self.sessions.revocations();
        let found = self.store.read(move |snap| snap.session(&hash)).await?;
        Ok(found.map(|(user_id, device_id)| {
            let session = Session { user_id, device_id };
            self.sessions.remember(revocations, hash, session.clone());
            session
        }))
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
                    Some(token) if !tx.use_registration_token(token)? => {
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
        let verdict = self.passwords.verify(password, stored).await?;
        if let passwords::Verdict::RightButCheap(stronger) = &verdict {
            let (owner, stronger) = (user.to_owned(), stronger.clone());
            self.store.write::<_, StoreError, _>(move |tx| tx.set_password_hash(&owner, &stronger)).await?;
        }
        Ok(verdict != passwords::Verdict::Wrong)
    }

    /// Signs a device in: a new one, or a known one whose former token is dead from now on.
    pub(crate) async fn sign_in(
        &self,
        user: &UserId,
        new: NewDevice,
    ) -> Result<(OwnedDeviceId, Token), ApiError> {
        let device_id = new.device_id.unwrap_or_else(|| random::letters(DEVICE_LETTERS, 10).into());
        check_device_id(&device_id)?;
        let token = Token::generate();
        let (owner, device, hash) = (user.to_owned(), device_id.clone(), token.hash());
        self.store
            .write(move |tx| {
                if tx.device(&owner, &device)?.is_none() && tx.devices(&owner)?.len() >= MAX_DEVICES {
                    return Err(ApiError::forbidden(
                        "This account has too many devices: sign some of them out.",
                    ));
                }
                // Of a session that ends here, too, the pushers go with the token.
                tx.remove_pushers_of_device(&owner, &device)?;
                let name = new.display_name.as_deref().filter(|name| !name.is_empty());
                Ok(tx.sign_in_device(&owner, &device, name, &hash, clock::now_ms())?)
            })
            .await?;
        let session = Session { user_id: user.to_owned(), device_id: device_id.clone() };
        self.sessions.revoke(Ended::Device(session));
        Ok((device_id, token))
    }

    /// Signs one device out and removes it.
    pub(crate) async fn sign_out(&self, session: &Session) -> Result<(), ApiError> {
        let Session { user_id, device_id } = session.clone();
        self.store.write::<_, StoreError, _>(move |tx| tx.remove_device(&user_id, &device_id)).await?;
        self.sessions.revoke(Ended::Device(session.clone()));
        Ok(())
    }

    /// Signs every device of `user` out and removes them.
    pub(crate) async fn sign_out_everywhere(&self, user: &UserId) -> Result<(), ApiError> {
        let owner = user.to_owned();
        self.store.write::<_, StoreError, _>(move |tx| tx.remove_all_devices(&owner)).await?;
        self.sessions.revoke(Ended::User(user.to_owned()));
        Ok(())
    }

    /// Resolves when `session` is signed out; for whoever serves it longer than one look at the database.
    pub(crate) async fn signed_out(&self, session: &Session) {
        while self.sessions.end_of(session.clone()).await.is_none() {
            let Session { user_id, device_id } = session.clone();
            let device =
                self.store.read::<_, StoreError, _>(move |snap| snap.device(&user_id, &device_id)).await;
            if matches!(device, Ok(None)) {
                return;
            }
        }
    }
}

fn check_device_id(id: &DeviceId) -> Result<(), ApiError> {
    let fine = !id.as_str().is_empty() && id.as_str().len() <= 255 && !id.as_str().contains(char::is_control);
    if fine { Ok(()) } else { Err(ApiError::invalid_param("A device id has 1 to 255 printable characters.")) }
}
