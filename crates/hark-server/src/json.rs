//! Writing JSON around JSON that is already there.
//!
//! Stored events are text; an answer is written around them without taking them apart. Whoever calls [`Object::raw`] gives text
//! that was JSON when it was stored.

use std::fmt::Write as _;

/// An object being written. It is closed when dropped.
pub(crate) struct Object<'a> {
    out: &'a mut String,
    empty: bool,
}

impl<'a> Object<'a> {
    /// Starts an object at the end of `out`.
    pub(crate) fn new(out: &'a mut String) -> Self {
        out.push('{');
        Self { out, empty: true }
    }

    /// Goes on with an object at the end of `out` that has a member already.
    pub(crate) fn go_on(out: &'a mut String) -> Self {
        Self { out, empty: false }
    }

    /// A member whose value is JSON text.
    pub(crate) fn raw(&mut self, name: &str, json: &str) -> &mut Self {
        self.name(name).push_str(json);
        self
    }

    /// A member that is a text.
    pub(crate) fn text(&mut self, name: &str, value: &str) -> &mut Self {
        let out = self.name(name);
        write_text(out, value);
        self
    }

    /// A member that is an integer.
    pub(crate) fn number(&mut self, name: &str, value: i64) -> &mut Self {
        let _infallible = write!(self.name(name), "{value}");
        self
    }

    /// A member that is true or false.
    pub(crate) fn flag(&mut self, name: &str, value: bool) -> &mut Self {
        self.raw(name, if value { "true" } else { "false" })
    }

    /// A member that is an object.
    pub(crate) fn object(&mut self, name: &str) -> Object<'_> {
        Object::new(self.name(name))
    }

    /// A member that is an array of JSON texts.
    pub(crate) fn array<T: AsRef<str>>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
    ) -> &mut Self {
        let out = self.name(name);
        out.push('[');
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            out.push_str(item.as_ref());
        }
        out.push(']');
        self
    }

    fn name(&mut self, name: &str) -> &mut String {
        if !self.empty {
            self.out.push(',');
        }
        self.empty = false;
        write_text(self.out, name);
        self.out.push(':');
        self.out
    }
}

impl Drop for Object<'_> {
    fn drop(&mut self) {
        self.out.push('}');
    }
}

/// A text as JSON.
pub(crate) fn text(value: &str) -> String {
    let mut out = String::with_capacity(value.len() + 2);
    write_text(&mut out, value);
    out
}

fn write_text(out: &mut String, value: &str) {
    let plain = !value.bytes().any(|byte| byte < 0x20 || byte == b'"' || byte == b'\\');
    if plain {
        out.push('"');
        out.push_str(value);
        out.push('"');
    } else {
        let _infallible = write!(out, "{}", serde_json::Value::from(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let mut out = String::new();
        {
            let mut object = Object::new(&mut out);
            object.text("quoted \"name\"", "line\nbreak \u{7f} é \\").number("n", -7).flag("yes", true);
            object.object("inner").array("list", ["1", "{}"]);
            object.raw("raw", r#"{"a":[]}"#).array::<&str>("none", []);
        }
        let read: serde_json::Value = serde_json::from_str(&out).unwrap();
        let expected = serde_json::json!({
            "quoted \"name\"": "line\nbreak \u{7f} é \\", "n": -7, "yes": true,
            "inner": { "list": [1, {}] }, "raw": { "a": [] }, "none": [],
        });
        assert_eq!(read, expected);
    }
}
