//! What a page says of itself: Open Graph tags, and where there are none its title and description.
//!
//! The page is read tag by tag and no tree is built, so no page is too deep.

use std::collections::BTreeMap;

use html5gum::{DefaultEmitter, HtmlString, StartTag, Token, Tokenizer};
use serde_json::{Map, Value};

/// Properties that are kept.
const PROPERTIES: usize = 40;
/// Characters of one of them.
const LONGEST: usize = 1_000;

/// What was read so far.
#[derive(Default)]
struct Read {
    /// Open Graph, by property.
    said: BTreeMap<String, String>,
    /// The same by other names, for want of Open Graph.
    instead: BTreeMap<&'static str, String>,
    /// Inside `<title>`.
    in_title: bool,
}

/// The properties of a page. `og:image` is an address as the page wrote it.
pub(super) fn read(html: &str) -> Map<String, Value> {
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    let mut read = Read::default();
    for Ok(token) in Tokenizer::new_with_emitter(html, emitter) {
        match token {
            Token::StartTag(tag) => read.start(&tag),
            Token::EndTag(tag) if tag.name.as_slice() == b"title" => read.in_title = false,
            Token::String(text) if read.in_title => {
                read.instead.entry("og:title").or_default().push_str(&String::from_utf8_lossy(&text.value));
            }
            _ => {}
        }
    }
    for (property, value) in read.instead {
        read.said.entry(property.to_owned()).or_insert(value);
    }
    let said = read.said.into_iter().map(|(property, value)| (property, trimmed(&value)));
    said.filter(|(_, value)| !value.is_empty()).map(|(property, value)| (property, value.into())).collect()
}

impl Read {
    fn start(&mut self, tag: &StartTag<()>) {
        let attribute = |name: &str| tag.attributes.get(name.as_bytes()).map(|value| text(&value.value));
        match tag.name.as_slice() {
            b"title" => self.in_title = !self.instead.contains_key("og:title"),
            b"meta" => {
                let Some(content) = attribute("content") else { return };
                let name = attribute("property").or_else(|| attribute("name")).unwrap_or_default();
                self.meta(&name.to_ascii_lowercase(), content);
            }
            b"link" => {
                let rel = attribute("rel").unwrap_or_default();
                if let Some(href) = attribute("href").filter(|_| rel.eq_ignore_ascii_case("image_src")) {
                    self.instead.entry("og:image").or_insert(href);
                }
            }
            _ => {}
        }
    }

    /// The first of a property counts.
    fn meta(&mut self, name: &str, content: String) {
        if name.starts_with("og:") && self.said.len() < PROPERTIES {
            let name = match name {
                "og:image:url" | "og:image:secure_url" => "og:image",
                name => name,
            };
            self.said.entry(trimmed(name)).or_insert(content);
            return;
        }
        let instead = match name {
            "description" | "twitter:description" => "og:description",
            "twitter:title" => "og:title",
            "twitter:image" | "twitter:image:src" => "og:image",
            _ => return,
        };
        self.instead.entry(instead).or_insert(content);
    }
}

fn text(value: &HtmlString) -> String {
    String::from_utf8_lossy(value).into_owned()
}

/// White space as it would be shown, and no more characters than are shown.
fn trimmed(value: &str) -> String {
    let words: Vec<_> = value.split_whitespace().take(LONGEST).collect();
    words.join(" ").chars().filter(|c| !c.is_control()).take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::read;

    #[test]
    fn open_graph_comes_first() {
        let found = read(
            r#"<!DOCTYPE html><html><head><title>Other title</title>
            <meta property="og:title" content="A &amp; B"><meta property="og:title" content="later">
            <META NAME='description' CONTENT='Other words'><meta property=og:description content="  two
            words ">
            <meta property="og:image" content="/p.png"><meta property="og:site_name" content="Site"></head>"#,
        );
        let expected = json!({ "og:title": "A & B", "og:description": "two words", "og:image": "/p.png", "og:site_name": "Site" });
        assert_eq!(json!(found), expected);
    }

    #[test]
    fn a_page_without_open_graph_has_its_title() {
        let found = read(
            "<title> Plain\n page </title><meta name=description content=Words><link rel=image_src href=x.png>",
        );
        let expected = json!({ "og:title": "Plain page", "og:description": "Words", "og:image": "x.png" });
        assert_eq!(json!(found), expected);
        assert_eq!(json!(read("nothing <b>here</b>")), json!({}));
        assert_eq!(json!(read("")), json!({}));
    }

    #[test]
    fn what_only_looks_like_a_tag_is_none() {
        let found = read(
            "<script>'<meta property=\"og:title\" content=\"no\">'</script><!-- <title>no</title> -->
             <style><meta property=og:title content=no></style><textarea><title>no</title></textarea><title>yes</title>",
        );
        assert_eq!(json!(found), json!({ "og:title": "yes" }));
    }

    #[test]
    fn no_page_is_too_deep_or_says_too_much() {
        assert_eq!(json!(read(&"<div>".repeat(200_000))), json!({}));
        let many: Vec<_> = (0..1000).map(|n| format!("<meta property=og:x{n} content=y>")).collect();
        assert_eq!(read(&many.concat()).len(), super::PROPERTIES);
        let long = read(&format!("<title>{}</title>", "word ".repeat(100_000)));
        assert_eq!(long["og:title"].as_str().unwrap().chars().count(), super::LONGEST);
        let attributes: Vec<_> = (0..50_000).map(|n| format!(" a{n}=b")).collect();
        assert_eq!(
            json!(read(&format!("<meta{}><title>t</title>", attributes.concat()))),
            json!({ "og:title": "t" })
        );
    }
}
