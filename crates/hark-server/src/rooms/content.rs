//! Event content: strict canonical JSON (spec appendix "Canonical JSON").
//!
//! A client's content is parsed once, here, and refused where a room could not sign it: floats, integers beyond ±(2^53−1),
//! duplicate keys, NUL characters, nesting deeper than serde_json's 128.

use std::{fmt, sync::Arc};

use ruma::{
    CanonicalJsonValue, Int,
    canonical_json::{CanonicalJsonObject, redact_content_in_place},
    room_version_rules::RedactionRules,
};
use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};

use super::RoomError;

/// The content of an event: parsed, and as the canonical text that is hashed, stored and sent.
#[derive(Clone, Debug)]
pub(crate) struct Content(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    object: CanonicalJsonObject,
    json: String,
}

impl Content {
    /// Parses what a client sent.
    pub(crate) fn parse(json: &str) -> Result<Self, RoomError> {
        match serde_json::from_str(json) {
            Ok(Strict(CanonicalJsonValue::Object(object))) => Ok(Self::from(object)),
            Ok(_) => Err(RoomError::BadJson("The content of an event must be an object.".into())),
            Err(error) => {
                Err(RoomError::BadJson(format!("The content of the event cannot be used: {error}.")))
            }
        }
    }

    /// Content made by this server from its own types.
    pub(crate) fn of(value: serde_json::Value) -> Result<Self, RoomError> {
        Self::parse(&value.to_string())
    }

    /// The canonical text.
    pub(crate) fn json(&self) -> &str {
        &self.0.json
    }

    /// The parsed object.
    pub(crate) fn object(&self) -> &CanonicalJsonObject {
        &self.0.object
    }

    /// The text member `name`, if it is one.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.object().get(name).and_then(CanonicalJsonValue::as_str)
    }

    /// The canonical text of what a redaction leaves of this content in an event of type `kind`.
    pub(crate) fn redacted(&self, kind: &str, rules: &RedactionRules) -> String {
        // Redaction keeps nothing of other types, so most events need no second copy.
        if !kind.starts_with("m.room.") || matches!(kind, "m.room.message" | "m.room.encrypted") {
            return "{}".to_owned();
        }
        let mut object = self.object().clone();
        redact_content_in_place(&mut object, rules, kind);
        Self::from(object).json().to_owned()
    }
}

impl From<CanonicalJsonObject> for Content {
    fn from(object: CanonicalJsonObject) -> Self {
        let value = CanonicalJsonValue::Object(object);
        let json = value.to_string();
        let CanonicalJsonValue::Object(object) = value else { unreachable!("made an object above") };
        Self(Arc::new(Inner { object, json }))
    }
}

/// A canonical value read without mercy.
struct Strict(CanonicalJsonValue);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = CanonicalJsonValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("canonical JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(CanonicalJsonValue::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(CanonicalJsonValue::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        Int::try_from(value)
            .map(CanonicalJsonValue::Integer)
            .map_err(|_| E::custom("an integer is out of range"))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        Int::try_from(value)
            .map(CanonicalJsonValue::Integer)
            .map_err(|_| E::custom("an integer is out of range"))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Err(E::custom("numbers must be integers"))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        without_nul(value.to_owned()).map(CanonicalJsonValue::String)
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Self::Value, E> {
        without_nul(value).map(CanonicalJsonValue::String)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut array = Vec::new();
        while let Some(Strict(item)) = items.next_element()? {
            array.push(item);
        }
        Ok(CanonicalJsonValue::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut object = CanonicalJsonObject::new();
        while let Some(name) = members.next_key::<String>()? {
            let Strict(value) = members.next_value()?;
            if object.insert(without_nul(name)?, value).is_some() {
                return Err(A::Error::custom("a key stands twice in one object"));
            }
        }
        Ok(CanonicalJsonValue::Object(object))
    }
}

fn without_nul<E: Error>(text: String) -> Result<String, E> {
    if text.contains('\0') { Err(E::custom("a text contains a NUL character")) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_a_room_could_not_sign_is_refused() {
        for json in [
            r#"{"a":1.5}"#,
            r#"{"a":1e3}"#,
            r#"{"a":-0}"#,
            r#"{"a":9007199254740992}"#,
            r#"{"a":-9007199254740992}"#,
            r#"{"a":1,"a":2}"#,
            r#"{"a":"\u0000"}"#,
            r#"{"\u0000":1}"#,
            r#"{"a":"\ud800"}"#,
            r#"{"a":NaN}"#,
            "[1]",
            "1",
            "",
        ] {
            assert!(Content::parse(json).is_err(), "{json}");
        }
        let deep = format!("{}{}{}", "{\"a\":".repeat(10_000), "1", "}".repeat(10_000));
        assert!(Content::parse(&deep).is_err());
    }

    #[test]
    fn content_is_kept_in_canonical_form() {
        let content =
            Content::parse("{ \"b\" : 9007199254740991, \"a\": \"\\u00e9\\n\", \"c\": [ ] }").unwrap();
        assert_eq!(content.json(), "{\"a\":\"é\\n\",\"b\":9007199254740991,\"c\":[]}");
    }
}
