//! Asking for the password before what cannot be taken back. Whatever needs it asks here, so that it is asked for in the same way
//! everywhere.

use ruma::UserId;

use crate::{
    accounts::{
        Secret, names,
        uia::{Auth, Flow},
    },
    clock,
    http::{
        ApiError, Session,
        extract::Shared,
        limits::{Asker, Limit},
    },
};

const FLOW: Flow = &["m.login.password"];

/// Passes when whoever asks has shown their password for this very purpose, which says all that the request is about.
pub(super) async fn confirm(
    app: &Shared,
    session: &Session,
    purpose: &str,
    auth: Option<Auth>,
) -> Result<(), ApiError> {
    let user = &session.user_id;
    let claimed = auth.as_ref().and_then(Auth::name);
    if claimed.is_some_and(|name| names::existing_user(name, &app.server_name).as_ref() != Some(user)) {
        return Err(ApiError::forbidden("This is not the account that is signed in here."));
    }
    let check = async |auth: &Auth| {
        let password = auth.password.clone();
        let password = password.ok_or_else(|| ApiError::missing_param("missing field `password`"))?;
        if is_right(app, user, password).await? {
            Ok(())
        } else {
            Err(ApiError::forbidden("The password is wrong."))
        }
    };
    app.accounts.uia.step(&format!("{user} {purpose}"), FLOW, auth, check).await.map(drop)
}

/// Whether a password is that of an account, asked not too often.
pub(super) async fn is_right(app: &Shared, user: &UserId, password: Secret) -> Result<bool, ApiError> {
    let account = Asker::User(user.to_owned());
    app.limits.check(Limit::WrongPassword, &account, clock::instant())?;
    let right = app.accounts.check_password(user, password).await?;
    if !right {
        app.limits.take(Limit::WrongPassword, account, clock::instant())?;
    }
    Ok(right)
}
