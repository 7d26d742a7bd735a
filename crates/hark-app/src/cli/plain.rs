//! Rows as lines for a person. What others wrote cannot move the cursor or colour the terminal.

use hark_client::model::{
    Connection, Content, Conversation, Hit, Membership, Message, MessageState, SystemChange,
};
use time::OffsetDateTime;
use time::macros::format_description;

use super::json::{kind_and_body, link, state};

pub(super) fn message(message: &Message) -> String {
    let mark = match (&message.state, message.mine) {
        (MessageState::Failed { reason, .. }, _) => format!("  [not sent: {}]", harmless(reason)),
        (other, true) => format!("  [{}]", state(other)),
        (_, false) => String::new(),
    };
    format!("{}  {}: {}{mark}", clock(message.timestamp), harmless(&message.sender), said(&message.content))
}

fn said(content: &Content) -> String {
    match content {
        Content::Text { body } | Content::Unsupported { body } if !body.is_empty() => harmless(body),
        Content::Voice { duration_ms, .. } => {
            let seconds = duration_ms.div_ceil(1000);
            format!("voice message, {}:{:02}", seconds / 60, seconds % 60)
        }
        Content::Redacted => "(removed)".to_owned(),
        Content::System { change } => system(change),
        other => {
            let (kind, body) = kind_and_body(other);
            format!("({kind}) {}", harmless(body))
        }
    }
}

fn system(change: &SystemChange) -> String {
    harmless(&match change {
        SystemChange::Created { by } => format!("{by} made this room"),
        SystemChange::Joined { who } => format!("{who} joined"),
        SystemChange::Left { who } => format!("{who} left"),
        SystemChange::Invited { who, by } => format!("{by} invited {who}"),
        SystemChange::Removed { who, by } => format!("{by} removed {who}"),
        SystemChange::Renamed { name, by } => format!("{by} named this room {name}"),
    })
}

pub(super) fn conversation(conversation: &Conversation) -> String {
    let standing = match (conversation.membership, conversation.unread) {
        (Membership::Invited, _) => "  [invitation: hark dm accepts it]".to_owned(),
        (Membership::Left, _) => "  [left]".to_owned(),
        (Membership::Joined, 0) => String::new(),
        (Membership::Joined, unread) => format!("  [{unread} unread]"),
    };
    let last =
        conversation.last.as_ref().map(|last| format!("  {}", said(&last.content))).unwrap_or_default();
    format!("{}  {}{standing}{last}", harmless(&conversation.id.0), harmless(&conversation.name))
}

pub(super) fn hit(hit: &Hit) -> String {
    let (start, end) = ('\u{2}', '\u{3}');
    let snippet = hit.snippet.replace([start, end], "*");
    let (when, room) = (clock(hit.message.timestamp), harmless(&hit.conversation_name));
    format!("{when}  {room}  {}: {}", harmless(&hit.message.sender), harmless(&snippet))
}

pub(super) fn connection(connection: &Connection) -> String {
    match link(connection) {
        (state, Some(reason)) => format!("{state}: {}", harmless(reason)),
        (state, None) => state.to_owned(),
    }
}

/// Coordinated universal time: a terminal's time zone is not to be had the same way everywhere.
fn clock(timestamp: u64) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]Z");
    i64::try_from(timestamp / 1000)
        .ok()
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        .and_then(|time| time.format(format).ok())
        .unwrap_or_else(|| "(no time)".to_owned())
}

/// One line without control characters and without marks that turn the reading direction around.
pub(super) fn harmless(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\r' | '\t' => ' ',
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
            c if c.is_control() => '\u{fffd}',
            c => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_cannot_command_the_terminal() {
        assert_eq!(harmless("a\u{1b}[2Jb\r\nc\u{202e}d"), "a\u{fffd}[2Jb  c\u{fffd}d");
    }

    #[test]
    fn a_time_is_shown_or_said_to_be_none() {
        assert_eq!(clock(1_700_000_000_000), "2023-11-14 22:13Z");
        assert_eq!(clock(u64::MAX), "(no time)");
    }
}
