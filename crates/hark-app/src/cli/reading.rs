//! Reading from the terminal: inbox, threads, search. The store answers; a process that was just started first lets the
//! server tell what happened meanwhile.

use std::time::Duration;

use hark_client::model::{Connection, Content, Conversation, Membership, Message};
use tokio::sync::mpsc;

use super::{Output, json, plain, put, show};
use crate::api::{self, ApiError, ErrorCode};
use crate::app::{App, inbox, search as finding};

/// How long a reader waits for the first answer of the server.
const CATCH_UP: Duration = Duration::from_secs(10);

/// Messages read from the store in one step.
const PAGE: u32 = 200;

/// Waits until the store is as new as the server. Where the server cannot be reached that is remarked, and the store
/// has to do.
async fn catch_up(app: &App, output: &mpsc::Sender<Output>) -> Result<(), ApiError> {
    match caught_up(app).await? {
        Ok(()) => Ok(()),
        Err(why) => put(output, Output::Note(format!("This is what was stored before. {why}"))).await,
    }
}

/// Waits until the store is as new as the server; the inner error says why it is not.
async fn caught_up(app: &App) -> Result<Result<(), String>, ApiError> {
    if app.engine().account().is_none() {
        return Err(hark_client::Error::SignedOut.into());
    }
    let mut connection = app.engine().connection();
    let settled = connection.wait_for(|link| !matches!(link, Connection::Connecting));
    let link = match tokio::time::timeout(CATCH_UP, settled).await {
        Ok(Ok(link)) => link.clone(),
        // The engine is closing, or the server takes its time: the store has to do.
        Ok(Err(_)) | Err(_) => Connection::Connecting,
    };
    Ok(Err(match link {
        Connection::Online => return Ok(Ok(())),
        Connection::Offline { reason, .. } | Connection::LoggedOut { reason } => reason,
        Connection::SignedOut => return Err(hark_client::Error::SignedOut.into()),
        Connection::Connecting => "The server has not answered yet.".to_owned(),
    }))
}

/// Shows the room of a conversation, made or accepted where needed. Without the server only one that is known.
pub(super) async fn dm(app: &App, who: &str, output: &mpsc::Sender<Output>) -> Result<(), ApiError> {
    if let Err(why) = caught_up(app).await? {
        let known = find(app, who).await.ok().filter(|known| known.membership == Membership::Joined);
        let room_id = known.and_then(|known| known.room_id);
        return show(output, room_id.ok_or_else(|| ApiError::new(ErrorCode::Offline, why))?).await;
    }
    let conversation = inbox::open_conversation(app, api::OpenConversation { who: who.to_owned() }).await?;
    show(output, conversation.room_id.ok_or_else(|| ApiError::internal("the room has no id yet"))?).await
}

pub(super) async fn list(app: &App, as_json: bool, output: &mpsc::Sender<Output>) -> Result<(), ApiError> {
    catch_up(app, output).await?;
    for conversation in inbox::conversations(app, api::Conversations { filter: String::new() }).await? {
        let line =
            if as_json { json::conversation(&conversation) } else { plain::conversation(&conversation) };
        show(output, line).await?;
    }
    Ok(())
}

pub(super) async fn read(
    app: &App,
    who: &str,
    limit: u32,
    as_json: bool,
    output: &mpsc::Sender<Output>,
) -> Result<(), ApiError> {
    catch_up(app, output).await?;
    let conversation = find(app, who).await?;
    for message in newest(app, &conversation, limit as usize).await? {
        let line =
            if as_json { json::message(&message, conversation.encrypted) } else { plain::message(&message) };
        show(output, line).await?;
    }
    Ok(())
}

/// The conversation `who` names. An alias only the server can resolve; everything else must be known here, for reading
/// makes no rooms.
async fn find(app: &App, who: &str) -> Result<Conversation, ApiError> {
    if who.starts_with('#') {
        return inbox::open_conversation(app, api::OpenConversation { who: who.to_owned() }).await;
    }
    let all = inbox::conversations(app, api::Conversations { filter: String::new() }).await?;
    let found = all.into_iter().find(|known| known.id.0 == who || known.room_id.as_deref() == Some(who));
    found.ok_or_else(|| {
        ApiError::not_found(format!("There is no conversation with {who} yet. Begin one: hark dm {who}"))
    })
}

/// The newest messages, oldest first. Lines about the room itself do not count.
async fn newest(app: &App, conversation: &Conversation, limit: usize) -> Result<Vec<Message>, ApiError> {
    let mut newest_first: Vec<Message> = Vec::new();
    let mut before: Option<String> = None;
    loop {
        let page = app.engine().timeline(&conversation.id, before.as_deref(), PAGE).await?;
        let messages = page.messages.into_iter().rev();
        newest_first.extend(messages.filter(|message| !matches!(message.content, Content::System { .. })));
        before = page.older;
        if newest_first.len() >= limit || before.is_none() {
            break;
        }
    }
    newest_first.truncate(limit);
    newest_first.reverse();
    Ok(newest_first)
}

pub(super) async fn search(
    app: &App,
    words: String,
    limit: u32,
    as_json: bool,
    output: &mpsc::Sender<Output>,
) -> Result<(), ApiError> {
    catch_up(app, output).await?;
    for hit in finding::search(app, api::Search { words, limit }).await? {
        show(output, if as_json { json::hit(&hit) } else { plain::hit(&hit) }).await?;
    }
    Ok(())
}
