//! What a link leads to: title, words and picture of a page, for people who see the link in a message.
//!
//! Off unless the operator turned it on. A page is fetched under the guard of [`outbound`](crate::outbound) and read for its Open
//! Graph tags ([`page`]); its picture is fetched the same way and kept as an upload of nobody's. The answer is kept for an hour,
//! and who asks for the same link meanwhile shares the one fetch.

mod letters;
mod page;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use serde_json::{Map, Value, json};
use tokio::sync::{OnceCell, Semaphore};
use url::Url;

use crate::{
    UrlPreviews, clock,
    http::ApiError,
    media::Media,
    outbound::{FetchError, Most, Outbound},
};

/// How long an answer is good.
const LIFE: Duration = Duration::from_hours(1);
/// Answers that are kept.
const KEPT: usize = 2_000;
/// Pages that are fetched at once.
const AT_ONCE: usize = 16;
/// What a page says of itself it says at its beginning.
const PAGE: usize = 1024 * 1024;
/// The largest picture.
const PICTURE: usize = 10 * 1024 * 1024;
/// Types of pictures that are kept.
const PICTURES: [&str; 4] = ["image/jpeg", "image/png", "image/gif", "image/webp"];

type Answer = Arc<OnceCell<Arc<Map<String, Value>>>>;

/// The previews of one server.
pub(crate) struct Previews {
    outbound: Outbound,
    fetches: Semaphore,
    /// By address, with the time until which it is good. Held for a few instructions only.
    answers: Mutex<HashMap<String, (Instant, Answer)>>,
}

impl Previews {
    pub(crate) fn new(config: &UrlPreviews) -> reqwest::Result<Self> {
        let outbound = Outbound::new(&config.permitted)?;
        Ok(Self { outbound, fetches: Semaphore::new(AT_ONCE), answers: Mutex::default() })
    }

    /// What the page at `url` says of itself; empty where it says nothing.
    pub(crate) async fn get(&self, url: &str, media: &Media) -> Result<Arc<Map<String, Value>>, ApiError> {
        let mut url =
            Url::parse(url).map_err(|_| ApiError::invalid_param("This is not the address of a page."))?;
        url.set_fragment(None);
        let answer = self.answer(&url, clock::instant());
        let found = answer.get_or_try_init(|| async { self.look(url, media).await.map(Arc::new) }).await?;
        Ok(found.clone())
    }

    /// The place of the answer, which those who ask at the same time share.
    fn answer(&self, url: &Url, now: Instant) -> Answer {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if answers.len() >= KEPT {
            answers.retain(|_, (until, _)| *until > now);
        }
        if answers.len() >= KEPT {
            answers.clear();
        }
        let (until, answer) =
            answers.entry(url.to_string()).or_insert_with(|| (now + LIFE, Answer::default()));
        if *until <= now {
            (*until, *answer) = (now + LIFE, Answer::default());
        }
        answer.clone()
    }

    async fn look(&self, url: Url, media: &Media) -> Result<Map<String, Value>, ApiError> {
        let _one_of_few = self.fetches.acquire().await.map_err(|_| ApiError::internal())?;
        let fetched =
            self.outbound.get(url, "text/html,application/xhtml+xml,image/*;q=0.8", |kind| match kind {
                page if is_page(page) => Some(Most::First(PAGE)),
                picture if is_picture(picture) => Some(Most::All(PICTURE)),
                _ => None,
            });
        let fetched = fetched.await.map_err(nothing_there)?;
        if is_picture(&fetched.content_type) {
            let name =
                fetched.url.path_segments().and_then(|mut parts| parts.next_back()).unwrap_or_default();
            let mut found = Map::from_iter([("og:title".to_owned(), json!(name))]);
            found.extend(keep(fetched.body, media).await.unwrap_or_default());
            return Ok(found);
        }
        let mut found = page::read(&letters::text(&fetched.body, &fetched.content_type));
        if let Some(picture) = found.remove("og:image")
            && let Some(picture) = picture.as_str().and_then(|picture| fetched.url.join(picture).ok())
        {
            for stale in ["og:image:width", "og:image:height", "og:image:type"] {
                found.remove(stale);
            }
            found.extend(self.picture(picture, media).await.unwrap_or_default());
        }
        Ok(found)
    }

    /// A page's picture. A page whose picture cannot be had is shown without one.
    async fn picture(&self, url: Url, media: &Media) -> Option<Map<String, Value>> {
        let wanted = |kind: &str| is_picture(kind).then_some(Most::All(PICTURE));
        match self.outbound.get(url, "image/*", wanted).await {
            Ok(fetched) => keep(fetched.body, media).await,
            Err(error) => {
                tracing::debug!(%error, "a page's picture was not fetched");
                None
            }
        }
    }
}

/// Keeps a picture and says what it is; what its bytes do not say is not believed.
async fn keep(bytes: Vec<u8>, media: &Media) -> Option<Map<String, Value>> {
    let size = bytes.len();
    let found = media.keep_found(bytes.into()).await;
    let found = found.inspect_err(|error| tracing::debug!(%error, "a picture was not kept")).ok()?;
    Some(Map::from_iter([
        ("og:image".to_owned(), json!(found.address)),
        ("og:image:type".to_owned(), json!(found.content_type)),
        ("og:image:width".to_owned(), json!(found.width)),
        ("og:image:height".to_owned(), json!(found.height)),
        ("matrix:image:size".to_owned(), json!(size)),
    ]))
}

fn bare(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn is_page(content_type: &str) -> bool {
    matches!(bare(content_type).as_str(), "text/html" | "application/xhtml+xml")
}

fn is_picture(content_type: &str) -> bool {
    PICTURES.contains(&bare(content_type).as_str())
}

/// One answer for what is not there and what is not looked at: nobody learns from it what a network has inside.
fn nothing_there(error: FetchError) -> ApiError {
    tracing::debug!(%error, "a link was not followed");
    match error {
        FetchError::NotAWebAddress => ApiError::invalid_param(
            "Only pages at http and https addresses are looked at, on the usual ports and without a password.",
        ),
        _ => ApiError::not_found("There is nothing to show of this address."),
    }
}
