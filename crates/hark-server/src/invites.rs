//! Whose invitations a user wants: `m.invite_permission_config` (spec: "Invite permission") turns all of them down, the finer lists of
//! MSC4155 tell people and servers apart.
//!
//! A blocked invitation is refused in the face of who sends it. An ignored one is made, and its target never hears of it.

use ruma::UserId;
use serde::{Deserialize, de::DeserializeOwned};

use crate::store::{Snapshot, StoreError};

/// The type of the one switch.
const SWITCH: &str = "m.invite_permission_config";
/// The same as it was proposed (MSC4380).
const SWITCH_DRAFT: &str = "org.matrix.msc4380.invite_permission_config";
/// The type of the lists.
const LISTS: &str = "org.matrix.msc4155.invite_permission_config";

/// What becomes of an invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is made and told.
    Allow,
    /// It is made and not told.
    Ignore,
    /// It is refused.
    Block,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Switch {
    default_action: Option<serde_json::Value>,
    /// As it was proposed.
    block_all: Option<serde_json::Value>,
}

/// Patterns with `*` and `?`. People before servers, and in each of them what allows before what ignores before what blocks.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Lists {
    enabled: Option<bool>,
    allowed_users: Patterns,
    ignored_users: Patterns,
    blocked_users: Patterns,
    allowed_servers: Patterns,
    ignored_servers: Patterns,
    blocked_servers: Patterns,
}

/// What is not a text is passed over.
#[derive(Default, Deserialize)]
#[serde(from = "serde_json::Value")]
struct Patterns(Vec<String>);

impl From<serde_json::Value> for Patterns {
    fn from(value: serde_json::Value) -> Self {
        let values = value.as_array().into_iter().flatten();
        Self(values.filter_map(|value| value.as_str().map(ToOwned::to_owned)).collect())
    }
}

impl Patterns {
    fn any_fits(&self, text: &str) -> bool {
        self.0.iter().any(|pattern| fits(pattern, text))
    }
}

impl Lists {
    fn verdict(&self, inviter: &UserId) -> Verdict {
        if self.enabled == Some(false) {
            return Verdict::Allow;
        }
        let (user, server) = (inviter.as_str(), inviter.server_name().host());
        let lists = [
            (&self.allowed_users, user, Verdict::Allow),
            (&self.ignored_users, user, Verdict::Ignore),
            (&self.blocked_users, user, Verdict::Block),
            (&self.allowed_servers, server, Verdict::Allow),
            (&self.ignored_servers, server, Verdict::Ignore),
            (&self.blocked_servers, server, Verdict::Block),
        ];
        let first = lists.into_iter().find(|(patterns, text, _)| patterns.any_fits(text));
        first.map_or(Verdict::Allow, |(_, _, verdict)| verdict)
    }
}

/// What becomes of an invitation of `target` by `inviter`. Settings that cannot be read allow it.
pub(crate) fn verdict(
    snapshot: &Snapshot<'_>,
    target: &UserId,
    inviter: &UserId,
) -> Result<Verdict, StoreError> {
    for kind in [SWITCH, SWITCH_DRAFT] {
        let switch: Switch = setting(snapshot, target, kind)?;
        let blocks = switch.default_action.is_some_and(|action| action == "block");
        if blocks || switch.block_all.is_some_and(|all| all == true) {
            return Ok(Verdict::Block);
        }
    }
    Ok(setting::<Lists>(snapshot, target, LISTS)?.verdict(inviter))
}

fn setting<T: Default + DeserializeOwned>(
    snapshot: &Snapshot<'_>,
    user: &UserId,
    kind: &str,
) -> Result<T, StoreError> {
    let stored = snapshot.account_data(user, None, kind)?;
    Ok(stored.and_then(|content| serde_json::from_str(content.get()).ok()).unwrap_or_default())
}

/// Whether `text` is of the form of a pattern: `*` stands for anything, `?` for one character. Takes at most as many steps as the
/// two are long, multiplied.
fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // The last star, and up to where in the text it stands for something.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match (pattern.get(p), star) {
            (Some('*'), _) => {
                star = Some((p, t));
                p += 1;
            }
            (Some(one), _) if *one == '?' || *one == text[t] => {
                p += 1;
                t += 1;
            }
            (_, Some((at, upto))) => {
                star = Some((at, upto + 1));
                p = at + 1;
                t = upto + 1;
            }
            _ => return false,
        }
    }
    pattern[p..].iter().all(|rest| *rest == '*')
}

#[cfg(test)]
mod tests {
    use ruma::user_id;
    use serde_json::json;

    use super::{Lists, Verdict, fits};

    #[test]
    fn patterns_have_stars_and_question_marks() {
        for (pattern, text) in [
            ("*", "@a:x.org"),
            ("*", ""),
            ("@a:*", "@a:x.org"),
            ("@?:x.org", "@a:x.org"),
            ("*.org", "matrix.org.org"),
            ("@*b*:*", "@abc:x"),
            ("é?", "éa"),
        ] {
            assert!(fits(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("", "a"),
            ("@a", "@a:x.org"),
            ("?", ""),
            ("*.org", "matrix.orga"),
            ("@?:x", "@ab:x"),
            ("[a]", "a"),
        ] {
            assert!(!fits(pattern, text), "{pattern} {text}");
        }
        let (pattern, text) = ("*a".repeat(120), "a".repeat(119));
        assert!(!fits(&pattern, &text));
    }

    #[test]
    fn people_come_before_servers_and_what_allows_before_what_forbids() {
        let verdict = |lists| -> Verdict {
            serde_json::from_value::<Lists>(lists).unwrap().verdict(user_id!("@bob:x.org:8448"))
        };
        for (lists, expected) in [
            (json!({}), Verdict::Allow),
            (json!({ "blocked_users": ["@bob:*"] }), Verdict::Block),
            (json!({ "blocked_users": ["@b?b:x.org:8448"], "allowed_users": ["@bob:*"] }), Verdict::Allow),
            (json!({ "blocked_users": ["*"], "ignored_users": ["*"] }), Verdict::Ignore),
            (json!({ "allowed_users": ["*"], "blocked_servers": ["*"] }), Verdict::Allow),
            (json!({ "blocked_users": ["*"], "allowed_servers": ["*"] }), Verdict::Block),
            (json!({ "ignored_servers": ["x.org"] }), Verdict::Ignore),
            (json!({ "blocked_servers": ["y.org", "*.org"] }), Verdict::Block),
            (json!({ "blocked_users": [5, "@bob:*"] }), Verdict::Block),
            (json!({ "blocked_users": "*" }), Verdict::Allow),
            (json!({ "enabled": false, "blocked_users": ["*"] }), Verdict::Allow),
        ] {
            assert_eq!(verdict(lists.clone()), expected, "{lists}");
        }
    }
}
