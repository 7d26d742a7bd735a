//! What is tried with arbitrary bytes: by the fuzzer for hours (`fuzz/`, which compiles with `--cfg fuzzing`), by the tests below for
//! a moment. Each function reads the bytes as something that comes from outside, and panics where what must hold does not.

use http::HeaderValue;
use ruma::{RoomVersionId, server_name};
use serde_json::Value;

use crate::{
    accounts::names,
    filter,
    http::json as rules,
    media::{Part, asked, disposition_of},
    rooms::Content,
    search::Words,
    store::Position,
    sync::Token,
};

fn text(data: &[u8]) -> &str {
    std::str::from_utf8(data).unwrap_or_default()
}

/// A body: what passes the rules is an object to every reader after them.
pub fn json(data: &[u8]) {
    if !data.is_empty() && rules::check(data).is_ok() {
        let value: Value = serde_json::from_slice(data).expect("the rules are stricter than the parser");
        assert!(value.is_object());
        assert!(rules::check(value.to_string().as_bytes()).is_ok(), "written anew it passes as well");
    }
}

/// The content of an event: its canonical text is a fixed point, whole and redacted.
pub fn content(data: &[u8]) {
    let Ok(content) = Content::parse(text(data)) else { return };
    let again = |json: &str| Content::parse(json).expect("canonical JSON is content").json().to_owned();
    assert_eq!(again(content.json()), content.json());
    for version in [RoomVersionId::V10, RoomVersionId::V11, RoomVersionId::V12] {
        let rules = version.rules().expect("ruma knows it").redaction;
        for kind in
            ["m.room.create", "m.room.member", "m.room.power_levels", "m.room.join_rules", "org.example"]
        {
            let redacted = content.redacted(kind, &rules);
            assert_eq!(again(&redacted), redacted);
        }
    }
}

/// A filter in a query, and in two lines a pattern of one and a text it is held against.
pub fn filter(data: &[u8]) {
    let text = text(data);
    if filter::is_inline(text) {
        let _refused = filter::parse(text);
    } else if let Some((pattern, text)) = text.split_once('\n')
        && pattern.len() + text.len() <= 64
    {
        assert_eq!(filter::matches(pattern, text), slowly_matches(pattern.as_bytes(), text.as_bytes()));
    }
}

/// What a pattern means, without the care for how long it takes.
fn slowly_matches(pattern: &[u8], text: &[u8]) -> bool {
    // What matches from where on, for every end of the pattern.
    let mut matching: Vec<bool> = (0..=text.len()).map(|at| at == text.len()).collect();
    for byte in pattern.iter().rev() {
        let after = matching.clone();
        for at in (0..=text.len()).rev() {
            matching[at] = match byte {
                b'*' => after[at] || at < text.len() && matching[at + 1],
                byte => text.get(at) == Some(byte) && after[at + 1],
            };
        }
    }
    matching[0]
}

/// A sync token: what is taken lies in the log, and is written as it is read.
pub fn token(data: &[u8]) {
    let head = Position(1_000);
    if let Ok(token) = Token::parse(text(data), "0af", head) {
        assert!(Position::START <= token.pos && token.pos <= head);
        assert_eq!(Token::parse(&token.to_string(), "0af", head).ok(), Some(token));
    }
}

/// Headers of a download: the part of a file of any size, the name of the file.
pub fn headers(data: &[u8]) {
    let Some((size, rest)) = data.split_first_chunk() else { return };
    let (size, text) = (u64::from_le_bytes(*size), text(rest));
    if let Part::Bytes(part) = asked(Some(text), size) {
        assert!(part.start() <= part.end() && *part.end() < size);
    }
    let header = disposition_of(text, Some(text));
    assert!(HeaderValue::from_str(&header).is_ok(), "{header}");
    assert!(matches!(header.matches('"').count(), 0 | 2), "{header}");
}

/// Words to search for: a quoted phrase each, whatever is in them.
pub fn search(data: &[u8]) {
    let words = Words::of(text(data));
    let expression = words.expression();
    assert_eq!(words.is_empty(), expression.is_empty());
    assert_eq!(words.highlights().count() * 2, expression.matches('"').count(), "{expression}");
}

/// The name of a new account: what is taken signs in under it.
pub fn name(data: &[u8]) {
    let server = server_name!("test.home.arpa");
    if let Ok(id) = names::new_user(text(data), server) {
        assert_eq!(names::existing_user(id.as_str(), server).as_ref(), Some(&id));
        assert_eq!(names::existing_user(id.localpart(), server), Some(id));
    }
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, sample::Index};

    /// What every harness can make something of.
    const SEEDS: [&str; 16] = [
        r#"{"a":[1,-0,0.25,1e3,true,null,"\u0061"],"b":{"c":"d"}}"#,
        r#"{"membership":"join","displayname":"A","join_authorised_via_users_server":"@a:b"}"#,
        r#"{"users":{"@a:b":100},"events":{"m.room.name":50},"ban":50,"notifications":{"room":50}}"#,
        r#"{"room":{"timeline":{"limit":3,"types":["m.*"]},"rooms":["!a:b"]},"event_fields":["a.b"]}"#,
        "m.room.*ber*\nm.room.member",
        "*a*b*\nxaxbx",
        "h0af.12.t5.ybeef-7",
        "h0af.1000",
        "\0\x01\0\0\0\0\0\0bytes=0-99",
        "\x0a\0\0\0\0\0\0\0bytes=-3",
        "\x0a\0\0\0\0\0\0\0text/plain; \"x\"",
        "caf\u{e9} \"quoted\" \u{6771}\u{4eac} NEAR(x)",
        "@alice:test.home.arpa",
        "Alice._=/+-",
        "",
        "[[[[[[",
    ];

    fn bytes() -> impl Strategy<Value = Vec<u8>> {
        let spoiled =
            (prop::sample::select(&SEEDS[..]), prop::collection::vec(any::<(Index, u8, u8)>(), 0..6));
        let spoiled = spoiled.prop_map(|(seed, changes)| {
            let mut bytes = seed.as_bytes().to_vec();
            for (at, change, byte) in changes {
                let at = at.index(bytes.len() + 1);
                match change % 4 {
                    0 => bytes.insert(at, byte),
                    1 => bytes.truncate(at.max(1)),
                    2 if at < bytes.len() => bytes[at] = byte & 0x7F,
                    _ => bytes.extend_from_within(at..),
                }
            }
            bytes
        });
        prop_oneof![9 => spoiled, 1 => prop::collection::vec(any::<u8>(), 0..64)]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

        #[test]
        fn what_comes_from_outside_is_read_or_refused(data in bytes()) {
            for harness in
                [super::json, super::content, super::filter, super::token, super::headers, super::search, super::name]
            {
                harness(&data);
            }
        }
    }
}
