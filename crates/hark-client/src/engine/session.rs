//! Signing in, registering, signing out.

use std::sync::Arc;
use std::time::Duration;

use ruma::api::client::session::{login, logout};
use ruma::api::client::uiaa::UserIdentifier;
use serde_json::{Value, json};

use super::Engine;
use super::open::session_of;
use crate::error::Error;
use crate::model::{Account, Connection};
use crate::store::Login;
use crate::transport::{Failure, Http, LONG_PATIENCE, discover};
use crate::{Change, SignInMode, random};

/// What a server may ask for at registration that needs no person.
const WAYS: [&str; 1] = ["m.login.dummy"];

/// A login as the server answers it.
struct Granted {
    user_id: String,
    device_id: String,
    access_token: String,
}

impl Engine {
    /// Signs in or registers, and starts to sync. `homeserver` is a URL or a server name to discover. Where the server
    /// ended the login of the same person, everything that is here goes on.
    pub async fn sign_in(
        &self,
        homeserver: &str,
        user: &str,
        password: &str,
        mode: SignInMode,
    ) -> Result<Account, Error> {
        let core = self.core();
        let before = core.login.borrow().clone();
        if let Some(login) = before.as_ref().filter(|login| login.ended.is_none()) {
            return Err(Error::AlreadySignedIn(login.account.user_id.clone()));
        }
        let base = discover(homeserver).await?;
        let http = Http::new(&base)?;
        let device = before.as_ref().map(|login| login.account.device_id.clone());
        let granted = match mode {
            SignInMode::Login => self.log_in(&http, user, password, device).await?,
            SignInMode::Register => self.register(&http, user, password).await?,
        };
        if let Some(other) = before.filter(|login| login.account.user_id != granted.user_id) {
            let stray = http.with_token(&granted.access_token);
            if let Err(failure) = stray.call(logout::v3::Request::new(), LONG_PATIENCE).await {
                tracing::debug!(%failure, "the other login stays on the server");
            }
            return Err(Error::AlreadySignedIn(other.account.user_id));
        }
        let display_name = display_name(&http, &granted).await;
        let login = Login {
            account: Account {
                user_id: granted.user_id,
                display_name,
                homeserver: base,
                device_id: granted.device_id,
            },
            access_token: granted.access_token,
            id: random::hex(&random::bytes::<8>()?),
            ended: None,
        };
        self.begin(login).await
    }

    async fn begin(&self, login: Login) -> Result<Account, Error> {
        let core = self.core();
        let session = Arc::new(session_of(&login)?);
        let (me, id) = (login.account.user_id.clone(), login.id.clone());
        core.store.write(move |tx| tx.begin_login(&me, &id)).await?;
        let (logins, kept) = (core.logins.clone(), login.clone());
        tokio::task::spawn_blocking(move || logins.save(&kept)).await.map_err(|_| Error::Closed)??;
        let account = login.account.clone();
        core.login.send_replace(Some(login));
        core.set_link(Connection::Connecting);
        core.session.send_replace(Some(session));
        core.store.tell(Change::Account(Some(account.clone())));
        core.directory.wake();
        Ok(account)
    }

    async fn log_in(
        &self,
        http: &Http,
        user: &str,
        password: &str,
        device: Option<String>,
    ) -> Result<Granted, Error> {
        let name =
            UserIdentifier::from(ruma::api::client::uiaa::MatrixUserIdentifier::new(user.trim().to_owned()));
        let mut request = login::v3::Request::new(login::v3::LoginInfo::Password(login::v3::Password::new(
            name,
            password.to_owned(),
        )));
        request.device_id = device.map(Into::into);
        request.initial_device_display_name = Some(self.inner.device_name.clone());
        let answer = http.call(request, LONG_PATIENCE).await.map_err(|failure| match failure.errcode() {
            Some("M_FORBIDDEN" | "M_INVALID_USERNAME") => Error::WrongPassword,
            _ => failure.into(),
        })?;
        Ok(Granted {
            user_id: answer.user_id.to_string(),
            device_id: answer.device_id.to_string(),
            access_token: answer.access_token,
        })
    }

    /// Registration is a conversation: the server answers 401 with the ways to go on until one is walked to its end.
    async fn register(&self, http: &Http, user: &str, password: &str) -> Result<Granted, Error> {
        let name = user.trim().trim_start_matches('@').split(':').next().unwrap_or_default().to_owned();
        let mut body = json!({
            "username": name,
            "password": password,
            "initial_device_display_name": self.inner.device_name,
        });
        // One round to learn the session, one per stage.
        for _ in 0..3 {
            let answer = http
                .json(http::Method::POST, "/_matrix/client/v3/register", Some(&body), LONG_PATIENCE)
                .await;
            match answer {
                Ok(granted) => return granted_from(&granted),
                Err(Failure::Matrix { status: 401, body: ways, .. }) if ways.get("flows").is_some() => {
                    let stage = next_stage(&ways)?;
                    body["auth"] = json!({ "type": stage, "session": ways.get("session") });
                }
                Err(failure) => return Err(refused_registration(failure)),
            }
        }
        Err(Error::RegistrationClosed("it asks for more than a name and a password".to_owned()))
    }

    /// Ends the login and empties the store. Where the server cannot be reached it is told nothing; the login can be
    /// removed from another device then.
    pub async fn sign_out(&self) -> Result<(), Error> {
        let core = self.core();
        if core.login.borrow().is_none() {
            return Err(Error::SignedOut);
        }
        let session = core.session.send_replace(None);
        if let Some(session) = session {
            let goodbye = session.http.call(logout::v3::Request::new(), Duration::from_secs(5)).await;
            if let Err(failure) = goodbye {
                tracing::info!(%failure, "the server was not told of the sign-out");
            }
        }
        let logins = core.logins.clone();
        tokio::task::spawn_blocking(move || logins.clear()).await.map_err(|_| Error::Closed)??;
        core.login.send_replace(None);
        core.store
            .write(|tx| {
                tx.wipe()?;
                Ok(())
            })
            .await?;
        core.media.clear().await?;
        core.set_link(Connection::SignedOut);
        core.store.tell(Change::Account(None));
        Ok(())
    }
}

fn granted_from(answer: &Value) -> Result<Granted, Error> {
    let field = |name: &str| answer.get(name).and_then(Value::as_str).map(str::to_owned);
    match (field("user_id"), field("device_id"), field("access_token")) {
        (Some(user_id), Some(device_id), Some(access_token)) => {
            Ok(Granted { user_id, device_id, access_token })
        }
        _ => Err(Error::RegistrationClosed("it made the account but no login; sign in instead".to_owned())),
    }
}

/// The first stage not done yet of a way that needs no person.
fn next_stage(ways: &Value) -> Result<&'static str, Error> {
    let done: Vec<&str> = ways
        .get("completed")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let flows = ways.get("flows").and_then(Value::as_array).into_iter().flatten();
    let mut wanted = Vec::new();
    for flow in flows {
        let stages: Vec<&str> = flow
            .get("stages")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        if stages.iter().all(|stage| WAYS.contains(stage)) {
            let open = WAYS.into_iter().find(|way| stages.contains(way) && !done.contains(way));
            return open
                .ok_or_else(|| Error::RegistrationClosed("it is not content with any answer".to_owned()));
        }
        wanted.extend(stages.into_iter().map(|stage| stage.trim_start_matches("m.login.").to_owned()));
    }
    wanted.dedup();
    Err(Error::RegistrationClosed(format!("it asks for: {}", wanted.join(", "))))
}

fn refused_registration(failure: Failure) -> Error {
    let Failure::Matrix { errcode, error, .. } = &failure else { return failure.into() };
    match errcode.as_str() {
        "M_USER_IN_USE" | "M_EXCLUSIVE" => Error::NameTaken,
        "M_INVALID_USERNAME" => Error::NameInvalid(error.trim_end_matches('.').to_owned()),
        "M_FORBIDDEN" | "M_GUEST_ACCESS_FORBIDDEN" | "M_UNRECOGNIZED" => {
            Error::RegistrationClosed(error.trim_end_matches('.').to_owned())
        }
        _ => failure.into(),
    }
}

/// The name others see; the localpart where none is set or it cannot be learnt now.
async fn display_name(http: &Http, granted: &Granted) -> String {
    let id = url::form_urlencoded::byte_serialize(granted.user_id.as_bytes()).collect::<String>();
    let path = format!("/_matrix/client/v3/profile/{id}/displayname");
    let answer = http
        .clone()
        .with_token(&granted.access_token)
        .json(http::Method::GET, &path, None, Duration::from_secs(5))
        .await;
    let name = answer.ok().and_then(|profile| profile.get("displayname")?.as_str().map(str::to_owned));
    crate::store::messages::display_name(name, &granted.user_id)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::next_stage;
    use crate::Error;

    #[test]
    fn a_way_that_needs_no_person_is_taken_and_others_are_named() {
        let open = json!({"flows": [{"stages": ["m.login.recaptcha"]}, {"stages": ["m.login.dummy"]}], "session": "s"});
        assert_eq!(next_stage(&open), Ok("m.login.dummy"));
        let closed = json!({"flows": [{"stages": ["m.login.registration_token"]}]});
        let why = "it asks for: registration_token".to_owned();
        assert_eq!(next_stage(&closed), Err(Error::RegistrationClosed(why)));
    }
}
