//! One request: right, but for one part of it.

use http::Method;

use super::{
    known::Known,
    random::Random,
    shapes::{BODIES, FILTER, QUERIES, ROOM_FILTER, Shape},
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

/// Where something is wrong.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrong {
    Nowhere,
    Path,
    Query,
    Body,
}

impl Wrong {
    pub(super) fn somewhere(random: &mut Random) -> Self {
        match random.below(8) {
            0 | 1 => Self::Nowhere,
            2 => Self::Path,
            3 | 4 => Self::Query,
            _ => Self::Body,
        }
    }
}

/// Makes requests of what is known.
pub(super) struct Maker<'a> {
    pub(super) known: &'a Known,
    pub(super) random: &'a mut Random,
    pub(super) me: &'a str,
    /// Where it happens.
    pub(super) room: &'a str,
    pub(super) wrong: Wrong,
}

impl Maker<'_> {
    pub(super) fn case(&mut self, endpoint: &Endpoint) -> Case {
        let shape = self.shape(endpoint.row);
        let path = self.path(endpoint, shape);
        let query = self.query(endpoint.row);
        let path = if query.is_empty() { path } else { format!("{path}?{query}") };
        let body = if endpoint.method == Method::GET { Vec::new() } else { self.body(endpoint.row, shape) };
        Case { method: endpoint.method.clone(), path, body }
    }

    /// What to put into the path and the body: one of the shapes, or what the table says.
    fn shape(&mut self, row: &'static Row) -> Shape {
        let fitting: Vec<&Shape> = BODIES.iter().filter(|(path, ..)| *path == row.path).collect();
        if fitting.is_empty() || self.random.once_in(8) {
            (row.path, &[], row.body)
        } else {
            *self.random.one_of(&fitting)
        }
    }

    fn path(&mut self, endpoint: &Endpoint, (_, words, _): Shape) -> String {
        let general = unversioned(&endpoint.path);
        let pairs = endpoint.row.path.split('/').zip(general.split('/'));
        let mut names = pairs.filter(|(_, theirs)| theirs.starts_with('{')).map(|(ours, _)| ours);
        let spoiled = self.random.below(endpoint.path.matches('{').count().max(1));
        let (mut path, mut number) = (Vec::new(), 0);
        for segment in endpoint.path.split('/') {
            path.push(if segment.starts_with('{') {
                let right = self.segment(names.next().unwrap_or_default(), endpoint.row, words);
                number += 1;
                if self.wrong == Wrong::Path && number == spoiled + 1 {
                    self.spoiled_segment(&right)
                } else {
                    encoded(&right)
                }
            } else {
                segment.to_owned()
            });
        }
        path.join("/")
    }

    /// What stands for a name in the path.
    fn segment(&mut self, name: &str, row: &Row, words: &[(&str, &str)]) -> String {
        let name = match name {
            // Written out in the table; any other will do as well.
            "m.read" => "receipt",
            word if !word.starts_with('{') => "type",
            "{type}" if row.path.contains("account_data") => "data",
            // A room can be named by its alias here.
            "{room}" if matches!(row.path, "/join/{room}" | "/knock/{room}") && self.random.once_in(3) => {
                "alias"
            }
            braced => braced.trim_matches(['{', '}']),
        };
        match words.iter().find(|(word, _)| *word == name) {
            Some((_, value)) => self.filled(value),
            None => self.value(name).unwrap_or_else(|| "x".to_owned()),
        }
    }

    fn spoiled_segment(&mut self, right: &str) -> String {
        const ODD: [&str; 10] =
            ["%ff", "%", "%2", "%00", "%2F", "%2e%2e", "a%0d%0ab", "+", "%F0%9F%99%82", "{x}"];
        match self.random.below(4) {
            0 => encoded(&spoil::text(self.random)),
            1 => encoded(&spoil::nearly(right, self.random)),
            2 => self.random.one_of(&ODD).to_owned(),
            // As it is, where that is an address at all.
            _ => right.replace(['#', '?', ' ', '%', '/'], ""),
        }
    }

    fn query(&mut self, row: &Row) -> String {
        let mut query: Vec<String> = Vec::new();
        if !row.query.is_empty() && !self.random.once_in(3) {
            query.push(self.filled(row.query));
        }
        let parts = QUERIES.iter().filter(|(part, _)| row.path.contains(part));
        let parameters: Vec<_> = parts.flat_map(|(_, parameters)| *parameters).collect();
        let mut parameters: Vec<_> =
            (0..self.random.below(4)).map(|_| parameters[self.random.below(parameters.len())]).collect();
        parameters.sort_unstable_by_key(|(name, _)| *name);
        // What stands twice is refused before it is read.
        parameters.dedup_by_key(|(name, _)| *name);
        parameters.retain(|(name, _)| !query.iter().any(|query| query.contains(&format!("{name}="))));
        for (number, (name, values)) in parameters.into_iter().enumerate() {
            let right = match self.random.one_of(values) {
                "{filter-json}" => self.json(FILTER, Wrong::Query),
                "{room-filter}" => self.json(ROOM_FILTER, Wrong::Query),
                shape => self.filled(shape),
            };
            let value = match self.random.below(3) {
                0 if self.wrong == Wrong::Query && number == 0 => spoil::text(self.random),
                1 if self.wrong == Wrong::Query && number == 0 => spoil::nearly(&right, self.random),
                _ => right,
            };
            query.push(format!("{name}={}", encoded(&value)));
        }
        if self.wrong == Wrong::Query && self.random.once_in(10) {
            query.push(self.random.one_of(&["%ff=%ff", "=", "&&", "limit", "a[]=1", "since=%00"]).to_owned());
        }
        query.join("&")
    }

    fn body(&mut self, row: &Row, (_, _, body): Shape) -> Vec<u8> {
        let body = if row.path.ends_with("/upload") {
            picture(self.random.below(64) as u32)
        } else {
            self.json(body, Wrong::Body).into_bytes()
        };
        let torn = self.wrong == Wrong::Body && self.random.once_in(8);
        if torn { spoil::bytes(body, self.random) } else { body }
    }

    /// JSON of this shape, with something wrong in it if it is in `part` that something is to be wrong.
    fn json(&mut self, shape: &str, part: Wrong) -> String {
        let filled = self.filled(shape);
        let Ok(mut value) = serde_json::from_str(&filled) else { return filled };
        if self.wrong == part {
            for _ in 0..=self.random.below(3) {
                value = spoil::one_thing_wrong(value, self.random);
            }
            if self.random.once_in(32) {
                value = spoil::value(0, self.random);
            }
        }
        spoil::write(&value)
    }

    /// A shape with real values for its names in braces.
    fn filled(&mut self, shape: &str) -> String {
        let mut filled = String::with_capacity(shape.len());
        let mut rest = shape;
        while let Some((before, after)) = rest.split_once('{') {
            filled.push_str(before);
            let name = after.split_once('}').filter(|(name, _)| is_name(name));
            let named = name.and_then(|(name, rest)| Some((self.value(name)?, rest)));
            rest = if let Some((value, rest)) = named {
                filled.push_str(&value);
                rest
            } else {
                filled.push('{');
                after
            };
        }
        filled.push_str(rest);
        filled
    }

    fn value(&mut self, name: &str) -> Option<String> {
        self.known.value(name, self.me, self.room, self.random)
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
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
