//! Uploading, downloading and thumbnails. The old addresses that need no token answer as if there was nothing, unless the server
//! was told otherwise.

use std::time::Duration;

use ruma::{
    OwnedUserId,
    api::client::{authenticated_media, media},
};
use serde::Deserialize;
use serde_json::json;

use crate::{
    clock,
    http::{
        Answer, ApiError, Json, Session, Whole,
        extract::{Incoming, Raw, Shared},
    },
    media::{Conditions, Declared, Fit, Patience, Wanted},
};

/// How long a download waits for a file that is still to come, where the client does not say; the specification's figure.
const USUAL_WAIT: Duration = Duration::from_secs(20);
/// The longest wait a client may ask for.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

#[derive(Deserialize)]
struct UploadQuery {
    filename: Option<String>,
}

#[derive(Deserialize)]
struct WaitQuery {
    timeout_ms: Option<u64>,
}

impl WaitQuery {
    /// As long as the client will wait, but not for ever, and not for longer than the server runs.
    fn patience(&self, app: &Shared) -> Patience {
        let longest = self.timeout_ms.map_or(USUAL_WAIT, Duration::from_millis).min(LONGEST_WAIT);
        Patience { longest, ending: app.shutdown.clone() }
    }
}

#[derive(Deserialize)]
struct PreviewQuery {
    url: Option<String>,
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
    let declared = declared(&request)?;
    let began = clock::instant();
    let address = app.media.upload(&session.user_id, declared, request.body).await?;
    app.metrics.upload.observe(began.elapsed());
    Ok(Json(json!({ "content_uri": address })))
}

/// `POST /_matrix/media/v1/create`
pub(super) async fn promise(app: Shared, session: Session, _: Raw) -> Result<impl Answer, ApiError> {
    let (address, expires_ms) = app.media.promise(&session.user_id).await?;
    Ok(Json(json!({ "content_uri": address, "unused_expires_at": expires_ms })))
}

/// `PUT /_matrix/media/v3/upload/{serverName}/{mediaId}`
pub(super) async fn upload_promised(
    app: Shared,
    session: Session,
    request: Incoming,
) -> Result<impl Answer, ApiError> {
    let declared = declared(&request)?;
    let (server, id) = (&request.path[0], &request.path[1]);
    let began = clock::instant();
    app.media.keep_promise(&session.user_id, server, id, declared, request.body).await?;
    app.metrics.upload.observe(began.elapsed());
    Ok(Json(json!({})))
}

fn declared(request: &Incoming) -> Result<Declared, ApiError> {
    let filename = request.query::<UploadQuery>()?.filename;
    if filename.as_ref().is_some_and(|name| name.len() > 255) {
        return Err(ApiError::invalid_param("A file's name has at most 255 bytes."));
    }
    Ok(Declared {
        length: request.header("content-length").and_then(|length| length.parse().ok()),
        content_type: request.header("content-type").filter(|kind| kind.len() <= 255).map(ToOwned::to_owned),
        filename,
    })
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

/// `GET …/media/preview_url`. A server that follows no links has no such endpoint.
pub(super) async fn preview(app: Shared, _: Session, request: Raw) -> Result<impl Answer, ApiError> {
    let previews = app.previews.as_ref().ok_or_else(ApiError::unrecognized)?;
    let url = request.query::<PreviewQuery>()?.url;
    let url = url.ok_or_else(|| ApiError::missing_param("A preview needs the url of a page."))?;
    let found = previews.get(&url, &app.media).await?;
    Ok(Json(json!(*found)))
}

/// `GET …/media/download/{serverName}/{mediaId}[/{fileName}]`
pub(super) async fn download(
    app: Shared,
    session: Session,
    request: Incoming,
) -> Result<impl Answer, ApiError> {
    give(&app, Some(session.user_id), request).await
}

/// `GET …/media/thumbnail/{serverName}/{mediaId}`
pub(super) async fn thumbnail(
    app: Shared,
    session: Session,
    request: Incoming,
) -> Result<impl Answer, ApiError> {
    give_small(&app, Some(session.user_id), request).await
}

/// `GET /_matrix/media/v3/download/…`, where whoever knows a link sees the file.
pub(super) async fn old_download(app: Shared, (): (), request: Incoming) -> Result<Whole, ApiError> {
    open_to_all(&app)?;
    give(&app, None, request).await
}

/// `GET /_matrix/media/v3/thumbnail/…`
pub(super) async fn old_thumbnail(app: Shared, (): (), request: Incoming) -> Result<Whole, ApiError> {
    open_to_all(&app)?;
    give_small(&app, None, request).await
}

/// The addresses of before v1.11 need no token, so they are off unless the server was told otherwise.
fn open_to_all(app: &Shared) -> Result<(), ApiError> {
    if app.config.media.without_token {
        return Ok(());
    }
    Err(ApiError::not_found("Files are given out at /_matrix/client/v1/media, to people who are signed in."))
}

async fn give(app: &Shared, asker: Option<OwnedUserId>, request: Incoming) -> Result<Whole, ApiError> {
    let patience = request.query::<WaitQuery>()?.patience(app);
    let conditions = Conditions::new(asker, &request.headers, patience);
    let filename = request.path.get(2).map(String::as_str);
    let file = app.media.download(&request.path[0], &request.path[1], filename, &conditions);
    Ok(Whole(file.await?))
}

async fn give_small(app: &Shared, asker: Option<OwnedUserId>, request: Incoming) -> Result<Whole, ApiError> {
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
    let wanted = Wanted { width, height, fit, may_move: query.animated.unwrap_or(false) };
    let conditions = Conditions::new(asker, &request.headers, request.query::<WaitQuery>()?.patience(app));
    let picture = app.media.thumbnail(&request.path[0], &request.path[1], wanted, &conditions);
    Ok(Whole(picture.await?))
}
