//! What changes an account as a whole: another password, and its end.

use ruma::UserId;

use super::{Accounts, Secret, sessions::Ended, signing::ended};
use crate::{
    clock,
    http::{ApiError, Session},
    store::{LogEntry, LogKind, StoreError, Tx},
};

/// Which devices stay signed in when the password changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// Only the one it was changed from.
    ThisDevice,
    /// All of them.
    AllDevices,
}

/// Ends an account inside a transaction: whatever belongs to it and to nobody else goes here.
fn closed(tx: &mut Tx<'_>, user: &UserId) -> Result<(), StoreError> {
    for device in tx.devices(user)? {
        ended(tx, user, &device.id)?;
    }
    tx.device_list_changed(user)?;
    for (field, _) in tx.profile(user)? {
        tx.set_profile_field(user, &field, None)?;
    }
    tx.delete_belongings(user)
}

impl Accounts {
    /// Gives the account another password.
    pub(crate) async fn change_password(
        &self,
        session: &Session,
        password: Secret,
        keep: Keep,
    ) -> Result<(), ApiError> {
        let hash = self.passwords.hash(password).await?;
        let Session { user_id, device_id } = session.clone();
        let write = move |tx: &mut Tx<'_>| {
            tx.set_password_hash(&user_id, &hash)?;
            if keep == Keep::AllDevices {
                return Ok(Vec::new());
            }
            let others: Vec<_> = tx.devices(&user_id)?.into_iter().map(|device| device.id).collect();
            let others: Vec<_> = others.into_iter().filter(|device| *device != device_id).collect();
            for device in &others {
                ended(tx, &user_id, device)?;
            }
            if !others.is_empty() {
                tx.device_list_changed(&user_id)?;
            }
            Ok(others)
        };
        let others = self.revoking(write).await?;
        self.login_tokens.end(&session.user_id);
        for device_id in others {
            let session = Session { user_id: session.user_id.clone(), device_id };
            self.sessions.revoke(Ended::Device(session), clock::now_ms());
        }
        Ok(())
    }

    /// Gives the account another password in its owner's stead, who has lost it or whose devices are in wrong hands: every device is
    /// signed out.
    pub(crate) async fn reset_password(&self, user: &UserId, password: Secret) -> Result<(), ApiError> {
        let hash = self.passwords.hash(password).await?;
        let owner = user.to_owned();
        self.revoking(move |tx| {
            tx.set_password_hash(&owner, &hash)?;
            for device in tx.devices(&owner)? {
                ended(tx, &owner, &device.id)?;
            }
            tx.device_list_changed(&owner)
        })
        .await?;
        self.login_tokens.end(user);
        self.sessions.revoke(Ended::User(user.to_owned()), clock::now_ms());
        Ok(())
    }

    /// Closes the account for ever: nobody signs in to it any more, its name stays taken, and nothing is left of what it kept. Its
    /// rooms are still to be left.
    pub(crate) async fn close(&self, user: &UserId, erase: bool) -> Result<(), ApiError> {
        let owner = user.to_owned();
        self.revoking(move |tx| {
            closed(tx, &owner)?;
            let erased = if erase {
                Some(tx.append(LogEntry { kind: LogKind::Profile, room: None, user: Some(&owner) })?)
            } else {
                None
            };
            tx.close_user(&owner, clock::now_ms(), erased)
        })
        .await?;
        self.login_tokens.end(user);
        self.identity_tokens.end(user);
        self.sessions.revoke(Ended::User(user.to_owned()), clock::now_ms());
        Ok(())
    }
}
