//! The rules every JSON body meets before any type is read from it.
//!
//! What one client sends every other must be able to read, so what JSON readers disagree about is refused at the door: integers
//! outside ±(2^53 − 1), duplicate keys, NUL, lone surrogates. Depth and counts are bounded, so that no later step can be driven
//! into the ground by shape alone. The check allocates nothing that lives longer than one object's keys. Fractions pass: the order
//! of a tag is one. Where canonical JSON is asked for, in events, [`Content`](crate::rooms::Content) refuses them.

use std::{borrow::Cow, collections::HashSet, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use super::ApiError;

/// How deep objects and arrays may nest.
const MAX_DEPTH: usize = 100;
/// How many values a body may hold in all.
const MAX_VALUES: usize = 200_000;
/// The largest integer that every client can hold.
const MAX_INTEGER: u64 = (1 << 53) - 1;

/// Checks that `body` is one JSON object within the rules. An empty body passes: it stands for `{}`.
pub(crate) fn check(body: &[u8]) -> Result<(), ApiError> {
    if body.is_empty() {
        return Ok(());
    }
    let text = std::str::from_utf8(body).map_err(|_| ApiError::not_json("The body is not UTF-8."))?;
    if !text.trim_ascii_start().starts_with('{') {
        return Err(match serde_json::from_str::<serde::de::IgnoredAny>(text) {
            Ok(_) => ApiError::bad_json("The body must be a JSON object."),
            Err(_) => ApiError::not_json("The body is not JSON."),
        });
    }
    let mut values = 0;
    let mut reader = serde_json::Deserializer::from_str(text);
    Checked { depth: 0, values: &mut values }.deserialize(&mut reader).and_then(|()| reader.end()).map_err(
        |error| {
            if error.is_data() {
                ApiError::bad_json(error.to_string())
            } else {
                ApiError::not_json("The body is not JSON.")
            }
        },
    )
}

/// One value and everything below it.
struct Checked<'c> {
    depth: usize,
    values: &'c mut usize,
}

impl Checked<'_> {
    fn below(&mut self) -> Checked<'_> {
        Checked { depth: self.depth + 1, values: self.values }
    }

    fn enter<E: serde::de::Error>(&self) -> Result<(), E> {
        if self.depth >= MAX_DEPTH {
            return Err(E::custom(format_args!("nested deeper than {MAX_DEPTH} levels")));
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Checked<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        *self.values += 1;
        if *self.values > MAX_VALUES {
            return Err(D::Error::custom(format_args!("more than {MAX_VALUES} values")));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Checked<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON that Matrix can carry")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<(), E> {
        if value > MAX_INTEGER { Err(E::custom("an integer above 2^53 - 1")) } else { Ok(()) }
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<(), E> {
        if value.unsigned_abs() > MAX_INTEGER {
            Err(E::custom("an integer below -(2^53 - 1)"))
        } else {
            Ok(())
        }
    }

    /// serde_json reads an integer too large for 64 bits as a fraction.
    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<(), E> {
        if value.abs() > MAX_INTEGER as f64 { Err(E::custom("a number above 2^53 - 1")) } else { Ok(()) }
    }

    fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<(), E> {
        no_nul(value)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        self.enter()?;
        while items.next_element_seed(self.below())?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<(), A::Error> {
        self.enter()?;
        let mut seen: HashSet<Cow<'de, str>> = HashSet::new();
        while let Some(key) = members.next_key_seed(Key)? {
            no_nul(&key)?;
            if !seen.insert(key) {
                return Err(A::Error::custom("the same key twice in one object"));
            }
            members.next_value_seed(self.below())?;
        }
        Ok(())
    }
}

/// A key, borrowed from the body unless it holds escapes.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(value.to_owned()))
    }
}

fn no_nul<E: serde::de::Error>(value: &str) -> Result<(), E> {
    if value.contains('\0') { Err(E::custom("a NUL character")) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::check;

    fn errcode(body: &str) -> Option<&'static str> {
        check(body.as_bytes()).err().map(|error| error.errcode())
    }

    #[test]
    fn what_every_client_can_read_passes() {
        for body in [
            "",
            "{}",
            " {\"a\":[1,-1,0,true,null,\"\u{1f600}\"]}\n",
            r#"{"n":9007199254740991,"m":-9007199254740991}"#,
            r#"{"a":{"a":{"a":1}}}"#,
            r#"{"order":0.25,"whole":1.0,"large":1e3,"none":-0}"#,
        ] {
            assert_eq!(errcode(body), None, "{body}");
        }
    }

    #[test]
    fn what_clients_disagree_about_is_bad_json() {
        for body in [
            r#"{"n":1e300}"#,
            r#"{"n":9007199254740992}"#,
            r#"{"n":-9007199254740992}"#,
            r#"{"n":123456789012345678901234567890}"#,
            r#"{"s":"a\u0000b"}"#,
            r#"{"a\u0000b":1}"#,
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":1}"#,
            "[]",
            "\"text\"",
            "17",
            "null",
        ] {
            assert_eq!(errcode(body), Some("M_BAD_JSON"), "{body}");
        }
    }

    #[test]
    fn what_is_not_json_at_all_is_not_json() {
        for body in
            ["{", "nonsense", "{\"a\":NaN}", "{\"a\":1}{}", r#"{"s":"\ud800"}"#, "{'a':1}", "\u{feff}{}"]
        {
            assert_eq!(errcode(body), Some("M_NOT_JSON"), "{body}");
        }
        assert_eq!(check(b"{\"a\":\"\xff\"}").unwrap_err().errcode(), "M_NOT_JSON");
    }

    #[test]
    fn ten_thousand_levels_are_refused_and_the_stack_survives() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
        assert_eq!(errcode(&deep), Some("M_BAD_JSON"));
        let fine = format!("{{\"a\":{}{}}}", "[".repeat(90), "]".repeat(90));
        assert_eq!(errcode(&fine), None);
    }

    #[test]
    fn an_endless_flat_list_is_refused() {
        let many = format!("{{\"a\":[{}0]}}", "0,".repeat(300_000));
        assert_eq!(errcode(&many), Some("M_BAD_JSON"));
    }
}
