//! What is right, made wrong: texts, numbers, and JSON with something of the wrong type, size, depth or spelling.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::random::Random;

/// Stands in a JSON text for what no [`Value`] can hold; see [`write`].
const RAW: &str = "⟦";

/// JSON that parsers disagree about, or that is none.
const ODD: [&str; 14] = [
    "1e400",
    "-1e400",
    "1.5",
    "-0",
    "01",
    "NaN",
    "9007199254740992",
    "-9223372036854775809",
    "123456789012345678901234567890",
    r#""\ud800""#,
    r#""\u0000""#,
    r#"{"a":1,"a":2}"#,
    "\"\t\"",
    "",
];

/// Texts for which something is the wrong place.
const TEXTS: [&str; 26] = [
    "",
    " ",
    "*",
    "..",
    "../../../../etc/passwd",
    "@",
    "@:",
    "!:",
    "#:x",
    "$",
    "@alice:elsewhere.example.org",
    "@Ünïcode:test.home.arpa",
    "mxc://",
    "mxc://test.home.arpa/../../x",
    "m.room.create",
    "null",
    "true",
    "-1",
    "99999999999999999999",
    "h00000000.99999",
    "🙂\u{202e}x",
    "a\u{301}\u{feff}",
    "%00%ff%2F",
    "'; DROP TABLE events; --",
    "\" OR * NEAR(",
    "************************************************************************a",
];

/// A text that is wrong nearly everywhere.
pub(super) fn text(random: &mut Random) -> String {
    match random.below(12) {
        0 => "A".repeat(1 + random.below(300)),
        1 => "é".repeat(128),
        2 => random.next().to_string(),
        _ => random.one_of(&TEXTS).to_owned(),
    }
}

/// Something else of the same look: a digit changed or added, an end cut off, one more at the front.
pub(super) fn nearly(right: &str, random: &mut Random) -> String {
    if let Some(cursor) = cursor(right) {
        let spoiled = write(&one_thing_wrong(cursor, random));
        return URL_SAFE_NO_PAD.encode(spoiled);
    }
    let mut text: Vec<char> = right.chars().collect();
    match random.below(6) {
        0 => text.truncate(random.below(text.len() + 1)),
        1 => text.extend("_18446744073709551615".chars()),
        2 => text.extend(['9'; 20]),
        3 => text.insert(0, char::from(b' ' + random.below(95) as u8)),
        4 => text.insert(random.below(text.len() + 1), '\u{fffd}'),
        _ => {
            if let Some(at) = text.iter().rposition(char::is_ascii_digit) {
                text.splice(at..=at, random.one_of(&["0", "-1", "9223372036854775807"]).chars());
            }
        }
    }
    text.into_iter().collect()
}

/// What some tokens are: JSON behind base64.
fn cursor(token: &str) -> Option<Value> {
    let json = URL_SAFE_NO_PAD.decode(token).ok()?;
    serde_json::from_slice::<Value>(&json).ok().filter(Value::is_object)
}

/// A value that nothing is said of.
pub(super) fn value(depth: usize, random: &mut Random) -> Value {
    match random.below(if depth > 3 { 8 } else { 11 }) {
        0 => Value::Null,
        1 => json!(random.once_in(2)),
        2 => json!(random.one_of(&[&-1_i64, &0, &1, &9_007_199_254_740_991, &4_294_967_296])),
        3 | 4 => Value::from(text(random)),
        5 => odd(random),
        6 => json!([]),
        7 => json!({}),
        8 => (0..random.below(4)).map(|_| value(depth + 1, random)).collect(),
        9 => deep(json!({}), random),
        _ => Value::Object((0..random.below(5)).map(|_| (text(random), value(depth + 1, random))).collect()),
    }
}

fn odd(random: &mut Random) -> Value {
    Value::from(format!("{RAW}{}{RAW}", random.one_of(&ODD)))
}

/// The same value below some or far too many levels.
fn deep(inner: Value, random: &mut Random) -> Value {
    let levels = *random.one_of(&[&1, &2, &50, &99, &100, &120]);
    (0..levels)
        .fold(inner, |inner, level| if level % 2 == 0 { json!([inner]) } else { json!({ "a": inner }) })
}

/// `right` with something in it changed, left out or added.
pub(super) fn one_thing_wrong(mut right: Value, random: &mut Random) -> Value {
    let at = random.below(size(&right));
    if let Some(place) = place(&mut right, &mut { at }) {
        spoil(place, random);
    }
    right
}

fn spoil(place: &mut Value, random: &mut Random) {
    match (random.below(5), place) {
        (0, Value::Object(members)) => {
            if let Some(name) = members.keys().nth(random.below(members.len().max(1))).cloned() {
                members.remove(&name);
            }
        }
        (1, Value::Object(members)) => {
            members.insert(text(random), value(1, random));
        }
        (0 | 1, Value::Array(items)) => {
            let item = items.first().cloned().unwrap_or_default();
            items.extend(std::iter::repeat_n(item, 1 + random.below(300)));
        }
        (0 | 1, Value::String(right)) => *right = nearly(right, random),
        (2, place) => *place = deep(place.take(), random),
        (3, place) => *place = odd(random),
        (_, place) => *place = value(0, random),
    }
}

/// How many values there are in a value, itself included.
fn size(value: &Value) -> usize {
    1 + match value {
        Value::Object(members) => members.values().map(size).sum(),
        Value::Array(items) => items.iter().map(size).sum(),
        _ => 0,
    }
}

/// The value of this number, counted from the outside in.
fn place<'v>(value: &'v mut Value, number: &mut usize) -> Option<&'v mut Value> {
    if *number == 0 {
        return Some(value);
    }
    *number -= 1;
    match value {
        Value::Object(members) => members.values_mut().find_map(|value| place(value, number)),
        Value::Array(items) => items.iter_mut().find_map(|value| place(value, number)),
        _ => None,
    }
}

/// The text of a value, with what no value can hold in its place.
pub(super) fn write(value: &Value) -> String {
    let mut text = value.to_string();
    for raw in ODD {
        let held = Value::from(format!("{RAW}{raw}{RAW}")).to_string();
        text = text.replace(&held, raw);
    }
    text
}

/// Bytes cut off, changed or doubled.
pub(super) fn bytes(mut bytes: Vec<u8>, random: &mut Random) -> Vec<u8> {
    let at = random.below(bytes.len() + 1);
    match random.below(4) {
        0 => bytes.truncate(at),
        1 if at < bytes.len() => bytes[at] = random.next() as u8,
        2 => bytes.clear(),
        _ => bytes.extend_from_within(at..),
    }
    bytes
}
