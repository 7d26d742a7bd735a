//! `POST …/user_directory/search`

use ruma::api::client::user_directory::search_users::v3::Request;
use serde_json::{Map, Value, json};

use crate::http::{Answer, ApiError, Json, Session, extract::Shared};

/// The most people one answer names.
const MAX_RESULTS: usize = 50;

/// Finds people of this server by id or profile name. The asker is never among them.
pub(super) async fn search(app: Shared, session: Session, request: Request) -> Result<impl Answer, ApiError> {
    let term = request.search_term.trim().to_owned();
    let wanted = usize::try_from(u64::from(request.limit)).unwrap_or(MAX_RESULTS).min(MAX_RESULTS);
    let (people, limited) = app
        .store
        .read::<_, ApiError, _>(move |snap| {
            // One more than wanted for the asker, one to know whether there are more.
            let mut found = snap.search_users(&term, wanted + 2)?;
            found.retain(|user| *user != session.user_id);
            let limited = found.len() > wanted;
            let mut people = Vec::new();
            for user in found.into_iter().take(wanted) {
                let mut profile = snap.profile(&user)?;
                let shown = ["displayname", "avatar_url"].into_iter().filter_map(|field| {
                    let name = if field == "displayname" { "display_name" } else { field };
                    Some((name.to_owned(), profile.remove(field)?))
                });
                let mut person: Map<String, Value> = shown.collect();
                person.insert("user_id".to_owned(), user.as_str().into());
                people.push(person);
            }
            Ok((people, limited))
        })
        .await?;
    Ok(Json(json!({ "results": people, "limited": limited })))
}
