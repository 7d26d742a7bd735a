//! Signing devices in and out, and serving those that are in for as long as they are.

use ruma::{DeviceId, OwnedDeviceId, UserId};
use serde_json::{json, value::to_raw_value};

use super::{Accounts, refreshing::Tokens, sessions::Ended};
use crate::{
    clock,
    http::{ApiError, Session},
    random,
    store::{StoreError, Tx, devices::Device, to_json_error},
};

/// Devices one user may have.
const MAX_DEVICES: usize = 200;
/// Letters of a generated device id.
const DEVICE_LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
/// What a device said about its own notifications, by its id (MSC3890, and as it was proposed).
const NOTIFICATION_SETTINGS: [&str; 2] =
    ["m.local_notification_settings.", "org.matrix.msc3890.local_notification_settings."];

/// A device that is to be signed in.
#[derive(Debug, Default)]
pub(crate) struct NewDevice {
    /// Its id, or none to have one made.
    pub(crate) device_id: Option<OwnedDeviceId>,
    /// Its name.
    pub(crate) display_name: Option<String>,
    /// From where it signs in.
    pub(crate) from: Option<std::net::IpAddr>,
    /// Whether it can refresh its token, which then lives for a while only.
    pub(crate) refreshes: bool,
}

/// A device that was signed in.
#[derive(Debug)]
pub(crate) struct SignedIn {
    /// Its id.
    pub(crate) device_id: OwnedDeviceId,
    /// Its tokens.
    pub(crate) tokens: Tokens,
}

/// Ends a device inside a transaction: whatever belongs to it and to nothing else goes here. Called by everything that ends one:
/// signing out, deleting it, a new password, closing the account.
pub(crate) fn ended(tx: &mut Tx<'_>, user: &UserId, device: &DeviceId) -> Result<(), StoreError> {
    tx.remove_device(user, device)?;
    let nothing = to_raw_value(&json!({})).map_err(to_json_error("account data"))?;
    for kind in NOTIFICATION_SETTINGS {
        tx.set_account_data(user, None, &format!("{kind}{device}"), &nothing)?;
    }
    Ok(())
}

/// Refuses to sign in to an account that is closed or locked, whatever was shown for it.
fn may_sign_in(tx: &Tx<'_>, user: &UserId) -> Result<(), ApiError> {
    let account = tx.account(user)?.ok_or_else(|| ApiError::forbidden("There is no such account."))?;
    if account.closed {
        return Err(ApiError::new(
            http::StatusCode::FORBIDDEN,
            "M_USER_DEACTIVATED",
            "This account is closed for ever.",
        ));
    }
    if account.locked { Err(ApiError::locked()) } else { Ok(()) }
}

impl Accounts {
    /// Signs a device in: a new one, or a known one whose former tokens are dead from now on.
    pub(crate) async fn sign_in(&self, user: &UserId, new: NewDevice) -> Result<SignedIn, ApiError> {
        let device_id = new.device_id.unwrap_or_else(|| random::letters(DEVICE_LETTERS, 10).into());
        check_device_id(&device_id)?;
        let (tokens, stored) = self.make_tokens(new.refreshes);
        let (owner, device) = (user.to_owned(), device_id.clone());
        self.store
            .write(move |tx| {
                may_sign_in(tx, &owner)?;
                if tx.device(&owner, &device)?.is_none() && tx.devices(&owner)?.len() >= MAX_DEVICES {
                    return Err(ApiError::forbidden(
                        "This account has too many devices: sign some of them out.",
                    ));
                }
                let name = new.display_name.as_deref().filter(|name| !name.is_empty());
                let from = new.from.map(|from| from.to_string()).unwrap_or_default();
                tx.sign_in_device(&owner, &device, name, clock::now_ms(), &from)?;
                // Whatever the former tokens of the device set goes with them.
                tx.remove_tokens(&owner, &device)?;
                tx.remove_pushers_of_device(&owner, &device)?;
                Ok(tx.add_token(&owner, &device, &stored)?)
            })
            .await?;
        let session = Session { user_id: user.to_owned(), device_id: device_id.clone() };
        self.sessions.revoke(Ended::Device(session), clock::now_ms());
        Ok(SignedIn { device_id, tokens })
    }

    /// Signs devices of `user` out and removes them. Those there are none of are passed over.
    pub(crate) async fn sign_out(&self, user: &UserId, devices: Vec<OwnedDeviceId>) -> Result<(), ApiError> {
        let (owner, wanted) = (user.to_owned(), devices.clone());
        self.revoking(move |tx| {
            let mut any = false;
            for device in &wanted {
                if tx.device(&owner, device)?.is_some() {
                    ended(tx, &owner, device)?;
                    any = true;
                }
            }
            if any { tx.device_list_changed(&owner) } else { Ok(()) }
        })
        .await?;
        for device_id in devices {
            let session = Session { user_id: user.to_owned(), device_id };
            self.sessions.revoke(Ended::Device(session), clock::now_ms());
        }
        Ok(())
    }

    /// Signs every device of `user` out and removes them.
    pub(crate) async fn sign_out_everywhere(&self, user: &UserId) -> Result<(), ApiError> {
        let owner = user.to_owned();
        self.revoking(move |tx| {
            for device in tx.devices(&owner)? {
                ended(tx, &owner, &device.id)?;
            }
            tx.device_list_changed(&owner)
        })
        .await?;
        self.sessions.revoke(Ended::User(user.to_owned()), clock::now_ms());
        Ok(())
    }

    /// The devices of `user`, with when each asked last.
    pub(crate) async fn devices(&self, user: &UserId) -> Result<Vec<Device>, StoreError> {
        let owner = user.to_owned();
        let mut devices = self.store.read::<_, StoreError, _>(move |snap| snap.devices(&owner)).await?;
        self.sessions.update(user, &mut devices);
        Ok(devices)
    }

    /// Runs `work` for as long as `session` is signed in; after that the answer is that it is not. For whatever serves a session
    /// longer than one look at the database.
    pub(crate) async fn while_signed_in<T>(
        &self,
        session: &Session,
        work: impl Future<Output = Result<T, ApiError>>,
    ) -> Result<T, ApiError> {
        let end = self.sessions.end_of(session.clone());
        let before = self.sessions.revocations();
        if self.sessions.revoked_lately(clock::now_ms()) {
            self.check_signed_in(session).await?;
        }
        tokio::select! {
            biased;
            over = self.over(session, end) => Err(over),
            answer = work => {
                let answer = answer?;
                // What woke the work may be the very commit that ends the session.
                if self.sessions.revocations() != before {
                    self.check_signed_in(session).await?;
                }
                Ok(answer)
            }
        }
    }

    /// Resolves with what to answer when `session` ends.
    async fn over(&self, session: &Session, end: impl Future<Output = Option<()>>) -> ApiError {
        let mut known = end.await;
        loop {
            match (known, self.check_signed_in(session).await) {
                (_, Err(why)) => return why,
                // The device is there and was signed in anew.
                (Some(()), Ok(())) => return ApiError::unknown_token(),
                (None, Ok(())) => known = self.sessions.end_of(session.clone()).await,
            }
        }
    }

    async fn check_signed_in(&self, session: &Session) -> Result<(), ApiError> {
        let Session { user_id, device_id } = session.clone();
        self.store
            .read(move |snap| {
                if snap.device(&user_id, &device_id)?.is_none() {
                    return Err(ApiError::unknown_token());
                }
                let locked = snap.account(&user_id)?.is_some_and(|account| account.locked);
                if locked { Err(ApiError::locked()) } else { Ok(()) }
            })
            .await
    }

    /// Makes a change that ends sessions, so that nobody who is woken by it is answered as if it had not been.
    pub(super) async fn revoking<T, F>(&self, change: F) -> Result<T, ApiError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let sessions = self.sessions.clone();
        self.store
            .write::<_, ApiError, _>(move |tx| {
                let done = change(tx)?;
                sessions.about_to_revoke(clock::now_ms());
                Ok(done)
            })
            .await
    }
}

fn check_device_id(id: &DeviceId) -> Result<(), ApiError> {
    let fine = !id.as_str().is_empty() && id.as_str().len() <= 255 && !id.as_str().contains(char::is_control);
    if fine { Ok(()) } else { Err(ApiError::invalid_param("A device id has 1 to 255 printable characters.")) }
}
