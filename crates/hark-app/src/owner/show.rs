//! The way of a desktop shell to its folder.

use std::path::Path;
use std::time::Duration;

use tokio::sync::mpsc;

use super::{Called, Ownership, Reached, call};
use crate::api::ApiError;
use crate::cli::{self, Request};
use crate::clock;

/// How long an owner without a window may take to finish what it does and hand the folder over.
const HANDS_OVER_WITHIN: Duration = Duration::from_secs(30);

/// Pause before the next try.
const BREATH: Duration = Duration::from_millis(30);

/// Takes the folder for a window, or has the window shown that it has already, with `link`: then `None`.
pub async fn take_or_show(folder: &Path, link: Option<String>) -> Result<Option<Ownership>, ApiError> {
    let since = clock::now();
    let request = Request::Show { link };
    // A request to show says nothing on its way.
    let (output, _said) = mpsc::channel(1);
    loop {
        if let Some(ownership) = Ownership::take(folder)? {
            return Ok(Some(ownership));
        }
        match call(folder, &request, &output, &mut Reached::default()).await {
            Called::Finished(outcome) => return outcome.map(|()| None),
            Called::NoAnswer(pid) => return Err(cli::no_answer(folder, Some(pid))),
            _ if since.elapsed() > HANDS_OVER_WITHIN => return Err(cli::no_answer(folder, None)),
            Called::NotThere | Called::Over | Called::Died => tokio::time::sleep(BREATH).await,
        }
    }
}
