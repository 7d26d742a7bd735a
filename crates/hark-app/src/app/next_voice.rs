//! Which voice message plays after the one that ended.

use hark_client::model::{Content, ConversationId, Message};
use hark_client::{Engine, Error};

/// Messages looked at in one step, and how many steps back the ended message is looked for.
const PAGE: u32 = 100;
const PAGES: usize = 10;

/// The oldest voice message after `key` in this conversation that nobody has heard here, text between them or not.
pub(super) async fn next_unheard(
    engine: &Engine,
    conversation: &ConversationId,
    key: i64,
) -> Result<Option<Message>, Error> {
    let mut before: Option<String> = None;
    let mut candidate = None;
    for _ in 0..PAGES {
        let page = engine.timeline(conversation, before.as_deref(), PAGE).await?;
        let ended = page.messages.iter().position(|message| message.key == key);
        let later = &page.messages[ended.map_or(0, |at| at + 1)..];
        candidate = later.iter().find(|message| is_unheard(message)).cloned().or(candidate);
        if ended.is_some() {
            return Ok(candidate);
        }
        before = page.older;
        if before.is_none() {
            break;
        }
    }
    Ok(None)
}

fn is_unheard(message: &Message) -> bool {
    !message.mine && matches!(message.content, Content::Voice { played: false, .. })
}
