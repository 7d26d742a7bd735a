//! Uploading, downloading and thumbnails. The old addresses that need no token answer as if there was nothing.

use ruma::api::client::{authenticated_media, media};
use serde::Deserialize;
use serde_json::json;

use crate::{
    clock,
    http::{
        Answer, ApiError, Json, Session, Whole,
        extract::{Incoming, Shared},
    },
    media::{Conditions, Declared, Fit, Wanted},
};

#[derive(Deserialize)]
struct UploadQuery {
    filename: Option<String>,
}

#[derive(Deserialize)]
struct ThumbnailQuery {
    width: Option<u32>,
    height: Option<u32>,
    method: Option<String>,
    animated: Option<bool>,
}

/// `POST /_matrix/media/v3/upload`
pub(super) async fn upload(
    app: Shared,
    session: Session,
    request: Incoming,
) -> Result<impl Answer, ApiError> {
    let filename = request.query::<UploadQuery>()?.filename;
    if filename.as_ref().is_some_and(|name| name.len() > 255) {
        return Err(ApiError::invalid_param("A file's name has at most 255 bytes."));
    }
    let declared = Declared {
        length: request.header("content-length").and_then(|length| length.parse().ok()),
        content_type: request.header("content-type").filter(|kind| kind.len() <= 255).map(ToOwned::to_owned),
        filename,
    };
    let began = clock::instant();
    let address = app.media.upload(&session.user_id, declared, request.body).await?;
    app.metrics.upload.observe(began.elapsed());
    Ok(Json(json!({ "content_uri": address })))
}

/// `GET …/media/config`
pub(super) async fn config(
    app: Shared,
    _: Session,
    _: authenticated_media::get_media_config::v1::Request,
) -> Result<impl Answer, ApiError> {
    Ok(Json(json!({ "m.upload.size": app.media.max_upload() })))
}

/// `GET /_matrix/media/v3/config`, which asks for a token too.
#[expect(deprecated, reason = "clients of before v1.11 ask here")]
pub(super) async fn old_config(
    app: Shared,
    _: Session,
    _: media::get_media_config::v3::Request,
) -> Result<impl Answer, ApiError> {
    Ok(Json(json!({ "m.upload.size": app.media.max_upload() })))
}

/// `GET …/media/download/{serverName}/{mediaId}[/{fileName}]`
pub(super) async fn download(app: Shared, _: Session, request: Incoming) -> Result<impl Answer, ApiError> {
    let conditions = Conditions::from(&request.headers);
    let filename = request.path.get(2).map(String::as_str);
    let file = app.media.download(&request.path[0], &request.path[1], filename, &conditions);
    Ok(Whole(file.await?))
}

/// `GET …/media/thumbnail/{serverName}/{mediaId}`
pub(super) async fn thumbnail(app: Shared, _: Session, request: Incoming) -> Result<impl Answer, ApiError> {
    let query: ThumbnailQuery = request.query()?;
    let (Some(width), Some(height)) = (query.width, query.height) else {
        return Err(ApiError::missing_param("A thumbnail needs a width and a height."));
    };
    if width == 0 || height == 0 {
        return Err(ApiError::invalid_param("A thumbnail has a width and a height above 0."));
    }
    let fit = match query.method.as_deref() {
        Some("crop") => Fit::Crop,
        Some("scale") | None => Fit::Scale,
        Some(_) => return Err(ApiError::invalid_param("The method is crop or scale.")),
    };
    let wanted = Wanted { width, height, fit, may_move: query.animated.unwrap_or(true) };
    let conditions = Conditions::from(&request.headers);
    let picture = app.media.thumbnail(&request.path[0], &request.path[1], wanted, &conditions);
    Ok(Whole(picture.await?))
}

/// The addresses of before v1.11: whoever knows a link would see the file.
pub(super) async fn without_token(_: Shared, (): (), _: Incoming) -> Result<Whole, ApiError> {
    Err(ApiError::not_found("Files are given out at /_matrix/client/v1/media, to people who are signed in."))
}
