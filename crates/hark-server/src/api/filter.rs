//! Filters a client leaves here so as to name them by id.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ruma::{
    UserId,
    api::client::filter::{FilterDefinition, create_filter, get_filter},
};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::own;
use crate::http::{
    Answer, ApiError, Json, Session,
    extract::{Raw, Shared},
};

/// The largest filter, in bytes.
const MAX_FILTER: usize = 65_536;

/// `POST …/user/{userId}/filter`
///
/// It is kept as it came, members we do not know included; the same filter has the same id.
pub(super) async fn create(app: Shared, session: Session, request: Raw) -> Result<impl Answer, ApiError> {
    let user =
        UserId::parse(&request.path[0]).map_err(|_| ApiError::invalid_param("This is not a user id."))?;
    own(&session, &user)?;
    request.body::<FilterDefinition>()?;
    let filter: Box<RawValue> = request.body()?;
    if filter.get().len() > MAX_FILTER {
        return Err(ApiError::too_large("A filter has at most 65,536 bytes."));
    }
    let id = format!("f{}", URL_SAFE_NO_PAD.encode(&Sha256::digest(filter.get())[..15]));
    let key = id.clone();
    let kept =
        app.store.write::<_, ApiError, _>(move |tx| Ok(tx.add_filter(&user, &key, filter.get())?)).await?;
    if kept {
        Ok(create_filter::v3::Response::new(id))
    } else {
        Err(ApiError::forbidden("This account has too many filters; it can use those it has."))
    }
}

/// `GET …/user/{userId}/filter/{filterId}`
pub(super) async fn get(
    app: Shared,
    session: Session,
    request: get_filter::v3::Request,
) -> Result<impl Answer, ApiError> {
    own(&session, &request.user_id)?;
    let filter =
        app.store.read::<_, ApiError, _>(move |snap| Ok(snap.filter(&request.user_id, &request.filter_id)?));
    let filter = filter.await?.ok_or_else(|| ApiError::not_found("You have no filter of this id."))?;
    let filter = RawValue::from_string(filter).map_err(|_| ApiError::internal())?;
    Ok(Json(filter))
}
