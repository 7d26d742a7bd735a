//! Making an account, as far as the server's [`Registration`] lets one.

use http::StatusCode;
use ruma::{
    OwnedDeviceId, OwnedUserId,
    api::client::account::{check_registration_token_validity, get_username_availability},
};
use serde::Deserialize;
use serde_json::json;

use crate::{
    Registration,
    accounts::{
        NewAccount, NewDevice, Secret, names,
        uia::{Auth, Flow},
    },
    clock,
    http::{
        Answer, ApiError, Json,
        extract::{Raw, Shared},
    },
};

#[derive(Deserialize)]
struct Query {
    kind: Option<String>,
}

#[derive(Deserialize)]
struct Body {
    username: Option<String>,
    password: Option<Secret>,
    device_id: Option<OwnedDeviceId>,
    initial_device_display_name: Option<String>,
    #[serde(default)]
    inhibit_login: bool,
    #[serde(default)]
    refresh_token: bool,
    auth: Option<Auth>,
}

/// `POST …/register`
pub(super) async fn register(app: Shared, (): (), request: Raw) -> Result<impl Answer, ApiError> {
    if request.query::<Query>()?.kind.as_deref() == Some("guest") {
        return Err(ApiError::new(
            StatusCode::FORBIDDEN,
            "M_GUEST_ACCESS_FORBIDDEN",
            "This server has no guests: make an account.",
        ));
    }
    let body: Body = request.body()?;
    let flow = flow(&app)?;
    // The name is looked at before the other steps, so that nobody goes through them for a name that cannot be.
    let wanted = match &body.username {
        Some(name) => Some(free_name(&app, name).await?),
        None => None,
    };
    let check = async |auth: &Auth| check_stage(&app, auth).await;
    let passed = app.accounts.uia.step("register", flow, body.auth, check).await?;
    let user_id = wanted.map_or_else(|| names::generated(&app.server_name), Ok)?;
    let password = body.password.ok_or_else(|| ApiError::missing_param("missing field `password`"))?;
    let account =
        NewAccount { user_id: user_id.clone(), password, admin: false, registration_token: passed.token };
    app.accounts.create(account).await?;
    let mut answer = json!({ "user_id": user_id, "home_server": app.server_name });
    if !body.inhibit_login {
        let device = NewDevice {
            device_id: body.device_id,
            display_name: body.initial_device_display_name,
            from: Some(request.peer),
            refreshes: body.refresh_token,
        };
        let signed_in = app.accounts.sign_in(&user_id, device).await?;
        answer["device_id"] = signed_in.device_id.as_str().into();
        signed_in.tokens.reveal_in(&mut answer);
    }
    Ok(Json(answer))
}

/// `GET …/register/available`
pub(super) async fn available(
    app: Shared,
    (): (),
    request: get_username_availability::v3::Request,
) -> Result<impl Answer, ApiError> {
    free_name(&app, &request.username).await?;
    Ok(get_username_availability::v3::Response::new(true))
}

/// `GET …/register/m.login.registration_token/validity`
pub(super) async fn token_validity(
    app: Shared,
    (): (),
    request: check_registration_token_validity::v1::Request,
) -> Result<impl Answer, ApiError> {
    let valid = app.store.read::<_, ApiError, _>(move |snap| {
        Ok(snap.registration_token_valid(&request.token, clock::now_ms())?)
    });
    Ok(check_registration_token_validity::v1::Response::new(valid.await?))
}

/// The steps to an account on this server.
fn flow(app: &Shared) -> Result<Flow, ApiError> {
    match app.config.registration {
        Registration::Open => Ok(&["m.login.dummy"]),
        Registration::Token => Ok(&["m.login.registration_token"]),
        Registration::Closed => Err(ApiError::forbidden(
            "Accounts on this server are made by whoever runs it: ask there for one.",
        )),
    }
}

async fn check_stage(app: &Shared, auth: &Auth) -> Result<(), ApiError> {
    if auth.stage.as_deref() != Some("m.login.registration_token") {
        return Ok(());
    }
    let token = auth.token.clone().ok_or_else(|| ApiError::missing_param("missing field `token`"))?;
    let valid = app
        .store
        .read::<_, ApiError, _>(move |snap| Ok(snap.registration_token_valid(&token, clock::now_ms())?))
        .await?;
    if valid {
        Ok(())
    } else {
        Err(ApiError::forbidden("This registration token is not valid: ask for another."))
    }
}

async fn free_name(app: &Shared, name: &str) -> Result<OwnedUserId, ApiError> {
    let user = names::new_user(name, &app.server_name)?;
    let wanted = user.clone();
    let taken = app.store.read::<_, ApiError, _>(move |snap| Ok(snap.is_name_taken(&wanted)?)).await?;
    if taken { Err(names::taken()) } else { Ok(user) }
}
