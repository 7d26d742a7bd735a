//! Finding messages and people.

use hark_client::model::{Hit, Person};

use super::App;
use crate::api::{ApiError, Search, SearchPeople};

/// Most hits at once.
const MAX_HITS: u32 = 200;

pub(crate) async fn search(app: &App, args: Search) -> Result<Vec<Hit>, ApiError> {
    if args.words.trim().is_empty() {
        return Ok(Vec::new());
    }
    Ok(app.engine().search(&args.words, args.limit.clamp(1, MAX_HITS)).await?)
}

pub(crate) async fn search_people(app: &App, args: SearchPeople) -> Result<Vec<Person>, ApiError> {
    Ok(app.engine().search_people(args.term.trim()).await?)
}
