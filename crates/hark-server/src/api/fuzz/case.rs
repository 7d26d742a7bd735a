//! One request: mostly right, with something wrong in it.

use http::Method;

use super::{
    known::Known,
    random::Random,
    shapes::{BODIES, FILTER, QUERIES, ROOM_FILTER},
    spoil,
};
use crate::api::access::{Row, unversioned};

/// An endpoint at one of its paths.
pub(super) struct Endpoint {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) row: &'static Row,
}

/// What is sent.
pub(super) struct Case {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) body: Vec<u8>,
}

/// Makes requests of what is known.
pub(super) struct Maker<'a> {
    pub(super) known: &'a Known,
    pub(super) random: &'a mut Random,
    pub(super) me: &'a str,
}

impl Maker<'_> {
    pub(super) fn case(&mut self, endpoint: &Endpoint) -> Case {
        let path = self.path(endpoint);
        let query = self.query(endpoint.row);
        let path = if query.is_empty() { path } else { format!("{path}?{query}") };
        let body = if endpoint.method == Method::GET { Vec::new() } else { self.body(endpoint.row) };
        Case { method: endpoint.method.clone(), path, body }
    }

    fn path(&mut self, endpoint: &Endpoint) -> String {
        let general = unversioned(&endpoint.path);
        let mut names = endpoint
            .row
            .path
            .split('/')
            .zip(general.split('/'))
            .filter(|(_, theirs)| theirs.starts_with('{'));
        let mut before = "";
        let mut path = Vec::new();
        for segment in endpoint.path.split('/') {
            path.push(if segment.starts_with('{') {
                let (name, _) = names.next().unwrap_or(("{type}", ""));
                self.segment(name, before)
            } else {
                segment.to_owned()
            });
            before = segment;
        }
        path.join("/")
    }

    fn segment(&mut self, name: &str, before: &str) -> String {
        let name = match name {
            // Written out in the table; any other will do as well.
            "m.read" => "receipt",
            word if !word.starts_with('{') => "type",
            braced => braced.trim_matches(['{', '}']),
        };
        // A room can be named by its alias here.
        let name = if matches!(before, "join" | "knock") && self.random.once_in(3) { "alias" } else { name };
        let right = self.known.value(name, self.me, self.random).unwrap_or_else(|| "x".to_owned());
        match self.random.below(16) {
            0 => encoded(&spoil::text(self.random)),
            1 => encoded(&spoil::nearly(&right, self.random)),
            2 => self
                .random
                .one_of(&["%ff", "%", "%2", "%00", "%2F", "%2e%2e", "a%0d%0ab", "+", "%F0%9F%99%82", "{x}"])
                .to_owned(),
            // As it is, where that is an address at all.
            3 => right.replace(['#', '?', ' ', '%', '/'], ""),
            _ => encoded(&right),
        }
    }

    fn query(&mut self, row: &Row) -> String {
        let mut query: Vec<String> = Vec::new();
        if !row.query.is_empty() && !self.random.once_in(3) {
            query.push(self.filled(row.query));
        }
        let parts = QUERIES.iter().filter(|(part, _)| row.path.contains(part));
        let parameters: Vec<_> = parts.flat_map(|(_, parameters)| *parameters).collect();
        for _ in 0..self.random.below(4) {
            let (name, values) = parameters[self.random.below(parameters.len())];
            let right = match self.random.one_of(values) {
                "{filter-json}" => self.json(FILTER),
                "{room-filter}" => self.json(ROOM_FILTER),
                shape => self.filled(shape),
            };
            let value = match self.random.below(8) {
                0 => spoil::text(self.random),
                1 => spoil::nearly(&right, self.random),
                _ => right,
            };
            query.push(format!("{name}={}", encoded(&value)));
        }
        if self.random.once_in(40) {
            query.push(self.random.one_of(&["%ff=%ff", "=", "&&", "limit", "a[]=1", "since=%00"]).to_owned());
        }
        query.join("&")
    }

    fn body(&mut self, row: &Row) -> Vec<u8> {
        if row.path.ends_with("/upload") && !self.random.once_in(3) {
            let picture = picture(self.random.below(64) as u32);
            return if self.random.once_in(3) { spoil::bytes(picture, self.random) } else { picture };
        }
        let fitting: Vec<&str> =
            BODIES.iter().filter(|(path, _)| *path == row.path).map(|(_, body)| *body).collect();
        let shape = if fitting.is_empty() || self.random.once_in(8) {
            row.body
        } else {
            self.random.one_of(&fitting)
        };
        let json = self.json(shape);
        if self.random.once_in(16) { spoil::bytes(json.into_bytes(), self.random) } else { json.into_bytes() }
    }

    /// JSON of this shape, in half of all cases with something wrong in it.
    fn json(&mut self, shape: &str) -> String {
        let filled = self.filled(shape);
        let Ok(mut value) = serde_json::from_str(&filled) else { return filled };
        for _ in 0..[0, 0, 0, 1, 1, 2, 3][self.random.below(7)] {
            value = spoil::one_thing_wrong(value, self.random);
        }
        if self.random.once_in(64) {
            value = spoil::value(0, self.random);
        }
        spoil::write(&value)
    }

    /// A shape with real values for its names in braces.
    fn filled(&mut self, shape: &str) -> String {
        let mut filled = String::with_capacity(shape.len());
        let mut rest = shape;
        while let Some((before, after)) = rest.split_once('{') {
            filled.push_str(before);
            let named = after
                .split_once('}')
                .filter(|(name, _)| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'));
            let value = named
                .filter(|(name, _)| !name.is_empty())
                .and_then(|(name, rest)| Some((self.known.value(name, self.me, self.random)?, rest)));
            rest = match value {
                Some((value, rest)) => {
                    filled.push_str(&value);
                    rest
                }
                None => {
                    filled.push('{');
                    after
                }
            };
        }
        filled.push_str(rest);
        filled
    }
}

/// A file to upload, of which thumbnails can be asked for.
fn picture(size: u32) -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    let written = image::RgbImage::new(size + 1, 64 - size).write_to(&mut file, image::ImageFormat::Png);
    written.expect("memory takes it");
    file.into_inner()
}

/// Percent-encoded, every byte but letters and digits.
fn encoded(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() {
            encoded.push(byte.into());
        } else {
            let _infallible = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}
