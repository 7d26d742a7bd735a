//! Files: what comes back is what went in, under headers that keep it harmless; pictures become smaller or are refused.

use std::io::Cursor;

use image::{DynamicImage, GenericImageView, ImageFormat, Rgba, RgbaImage};
use reqwest::{Method, Response, StatusCode};

use crate::support::{Home, Person, home, home_with};

impl Person<'_> {
    /// Uploads bytes; the id in its mxc address.
    async fn uploads(&self, kind: &str, name: &str, bytes: Vec<u8>) -> String {
        let url = format!("{}/_matrix/media/v3/upload?filename={name}", self.home.url);
        let request =
            self.home.client.post(url).bearer_auth(&self.token).header("Content-Type", kind).body(bytes);
        let body: serde_json::Value =
            request.send().await.unwrap().error_for_status().unwrap().json().await.unwrap();
        let address = body["content_uri"].as_str().unwrap();
        address.strip_prefix("mxc://test.home.arpa/").unwrap().to_owned()
    }

    async fn fetches(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
        let url = format!("{}/_matrix/client/v1/media/{path}", self.home.url);
        let mut request = self.home.client.request(method, url).bearer_auth(&self.token);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap()
    }

    async fn downloads(&self, id: &str, headers: &[(&str, &str)]) -> Response {
        self.fetches(Method::GET, &format!("download/test.home.arpa/{id}"), headers).await
    }

    async fn thumbnail(&self, id: &str, query: &str) -> Response {
        self.fetches(Method::GET, &format!("thumbnail/test.home.arpa/{id}?{query}"), &[]).await
    }
}

fn header<'r>(response: &'r Response, name: &str) -> &'r str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

/// A picture whose left half is red and whose right half is blue.
fn halves(width: u32, height: u32) -> DynamicImage {
    RgbaImage::from_fn(width, height, |x, _| {
        if x < width / 2 { Rgba([255, 0, 0, 255]) } else { Rgba([0, 0, 255, 255]) }
    })
    .into()
}

fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Vec::new();
    let picture = if format == ImageFormat::Jpeg { picture.to_rgb8().into() } else { picture.clone() };
    picture.write_to(&mut Cursor::new(&mut bytes), format).unwrap();
    bytes
}

async fn picture(response: Response) -> DynamicImage {
    assert_eq!(response.status(), 200);
    image::load_from_memory(&response.bytes().await.unwrap()).unwrap()
}

/// Files below the media folder that are neither thumbnails nor directories.
fn files(home: &Home) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![home.folder.path().join("data/media")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found
}

#[tokio::test]
async fn what_went_in_comes_out_under_harmless_headers() {
    let home = home().await;
    let alice = home.person("alice").await;
    let bytes: Vec<u8> = (0..300_000u32).map(|n| (n * 7 % 251) as u8).collect();
    let id = alice.uploads("audio/ogg", "voice.ogg", bytes.clone()).await;
    assert!(id.len() >= 22, "{id}");
    let response = alice.downloads(&id, &[]).await;
    assert_eq!(response.status(), 200);
    assert_eq!(header(&response, "content-type"), "audio/ogg");
    assert_eq!(header(&response, "content-disposition"), "inline; filename=\"voice.ogg\"");
    assert_eq!(header(&response, "content-length"), "300000");
    assert_eq!(header(&response, "x-content-type-options"), "nosniff");
    assert_eq!(header(&response, "cross-origin-resource-policy"), "cross-origin");
    assert!(
        header(&response, "content-security-policy")
            .starts_with("sandbox; default-src 'none'; script-src 'none'")
    );
    assert_eq!(header(&response, "cache-control"), "private, max-age=86400, immutable");
    assert_eq!(header(&response, "access-control-allow-origin"), "*");
    assert_eq!(response.bytes().await.unwrap(), bytes);
    let named = alice.fetches(Method::GET, &format!("download/test.home.arpa/{id}/caf%C3%A9.ogg"), &[]).await;
    assert_eq!(header(&named, "content-disposition"), "inline; filename*=utf-8''caf%C3%A9.ogg");
    home.server.shutdown().await;
}

#[tokio::test]
async fn what_could_run_is_only_saved() {
    let home = home().await;
    let alice = home.person("alice").await;
    for kind in ["text/html", "image/svg+xml", "application/javascript", "multipart/form-data; boundary=x"] {
        let id = alice.uploads(kind, "x", b"<script>alert(1)</script>".to_vec()).await;
        let response = alice.downloads(&id, &[]).await;
        assert_eq!(header(&response, "content-type"), kind);
        assert!(header(&response, "content-disposition").starts_with("attachment"), "{kind}");
    }
    home.server.shutdown().await;
}

#[tokio::test]
async fn a_part_is_sent_when_a_part_is_asked_for() {
    let home = home().await;
    let alice = home.person("alice").await;
    let id = alice.uploads("audio/ogg", "a", b"0123456789".to_vec()).await;
    let part = alice.downloads(&id, &[("Range", "bytes=2-4")]).await;
    assert_eq!(
        (part.status(), header(&part, "content-range")),
        (StatusCode::PARTIAL_CONTENT, "bytes 2-4/10")
    );
    assert_eq!(header(&part, "content-length"), "3");
    assert_eq!(part.text().await.unwrap(), "234");
    let rest = alice.downloads(&id, &[("Range", "bytes=7-")]).await;
    assert_eq!(rest.text().await.unwrap(), "789");
    let tail = alice.downloads(&id, &[("Range", "bytes=-2")]).await;
    assert_eq!(tail.text().await.unwrap(), "89");
    let beyond = alice.downloads(&id, &[("Range", "bytes=10-")]).await;
    assert_eq!((beyond.status().as_u16(), header(&beyond, "content-range")), (416, "bytes */10"));
    let several = alice.downloads(&id, &[("Range", "bytes=0-1,3-4")]).await;
    assert_eq!((several.status(), several.text().await.unwrap().as_str()), (StatusCode::OK, "0123456789"));
    let stale = alice.downloads(&id, &[("Range", "bytes=2-4"), ("If-Range", "\"other\"")]).await;
    assert_eq!(stale.status(), 200);
    home.server.shutdown().await;
}

#[tokio::test]
async fn a_file_that_is_known_is_not_sent_again() {
    let home = home().await;
    let alice = home.person("alice").await;
    let id = alice.uploads("text/plain", "a", b"hello".to_vec()).await;
    let first = alice.downloads(&id, &[]).await;
    let tag = header(&first, "etag").to_owned();
    assert!(tag.starts_with('"') && tag.ends_with('"'));
    let again = alice.downloads(&id, &[("If-None-Match", &tag)]).await;
    assert_eq!((again.status().as_u16(), again.bytes().await.unwrap().len()), (304, 0));
    let head = alice.fetches(Method::HEAD, &format!("download/test.home.arpa/{id}"), &[]).await;
    assert_eq!((head.status().as_u16(), header(&head, "content-length")), (200, "5"));
    home.server.shutdown().await;
}

#[tokio::test]
async fn files_are_for_people_who_are_signed_in_and_only_ours() {
    let home = home().await;
    let alice = home.person("alice").await;
    let id = alice.uploads("text/plain", "a", b"hello".to_vec()).await;
    let path = format!("/_matrix/client/v1/media/download/test.home.arpa/{id}");
    assert_eq!(home.get(&path).await.refusal(), (401, "M_MISSING_TOKEN"));
    for old in ["/_matrix/media/v3/download", "/_matrix/media/r0/download"] {
        let old = home.get(&format!("{old}/test.home.arpa/{id}")).await;
        assert_eq!(old.refusal(), (404, "M_NOT_FOUND"));
    }
    for missing in ["elsewhere.org/abc", "test.home.arpa/nope", "test.home.arpa/..%2F..%2Fhark.db"] {
        let answer = alice.get(&format!("/_matrix/client/v1/media/download/{missing}")).await;
        assert_eq!(answer.refusal(), (404, "M_NOT_FOUND"), "{missing}");
    }
    let upload = home.send(Method::POST, "/_matrix/media/v3/upload", None, Some("x")).await;
    assert_eq!(upload.refusal(), (401, "M_MISSING_TOKEN"));
    home.server.shutdown().await;
}

#[tokio::test]
async fn the_same_bytes_lie_on_the_disk_once() {
    let home = home().await;
    let alice = home.person("alice").await;
    let one = alice.uploads("text/plain", "a", b"the same".to_vec()).await;
    let two = alice.uploads("audio/ogg", "b", b"the same".to_vec()).await;
    assert_ne!(one, two);
    assert_eq!(files(&home).len(), 1);
    assert_eq!(header(&alice.downloads(&one, &[]).await, "content-type"), "text/plain");
    assert_eq!(header(&alice.downloads(&two, &[]).await, "content-type"), "audio/ogg");
    home.server.shutdown().await;
}

#[tokio::test]
async fn a_file_over_the_limit_is_refused_and_leaves_nothing() {
    let home = home_with(|config| config.max_upload = 1000).await;
    let alice = home.person("alice").await;
    let config = alice.get("/_matrix/client/v1/media/config").await.ok();
    assert_eq!(config["m.upload.size"], 1000);
    let path = "/_matrix/media/v3/upload";
    let announced = home.send(Method::POST, path, Some(&alice.token), Some(&"x".repeat(1001))).await;
    assert_eq!(announced.refusal(), (413, "M_TOO_LARGE"));
    let chunks = futures_util::stream::iter((0..3).map(|_| Ok::<_, std::io::Error>(vec![b'x'; 400])));
    let request = home.client.post(format!("{}{path}", home.url)).bearer_auth(&alice.token);
    let crossed = request.body(reqwest::Body::wrap_stream(chunks)).send().await.unwrap();
    assert_eq!(crossed.status(), 413);
    alice.uploads("text/plain", "fits", vec![b'x'; 1000]).await;
    assert_eq!(files(&home).len(), 1);
    home.server.shutdown().await;
}

#[tokio::test]
async fn an_upload_that_breaks_off_leaves_nothing() {
    let home = home().await;
    let alice = home.person("alice").await;
    let pieces = vec![Ok(vec![b'x'; 1000]), Err(std::io::Error::other("the cable was pulled"))];
    let request = home.client.post(format!("{}/_matrix/media/v3/upload", home.url)).bearer_auth(&alice.token);
    request.body(reqwest::Body::wrap_stream(futures_util::stream::iter(pieces))).send().await.unwrap_err();
    // The server ends in order: whatever the request did is done then.
    let (folder, server) = (home.folder, home.server);
    server.shutdown().await;
    let left: Vec<_> = std::fs::read_dir(folder.path().join("data/media/tmp")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn a_large_picture_becomes_the_next_size_up() {
    let home = home().await;
    let alice = home.person("alice").await;
    let id = alice.uploads("image/png", "p.png", encoded(&halves(1600, 800), ImageFormat::Png)).await;
    let response = alice.thumbnail(&id, "width=310&height=200&method=scale").await;
    assert_eq!(header(&response, "content-type"), "image/png");
    assert!(header(&response, "content-security-policy").starts_with("sandbox"));
    let scaled = picture(response).await;
    assert_eq!(scaled.dimensions(), (320, 160), "it keeps its ratio within 320 by 240");
    assert_eq!(scaled.get_pixel(10, 10), Rgba([255, 0, 0, 255]));
    let cropped = picture(alice.thumbnail(&id, "width=90&height=90&method=crop").await).await;
    assert_eq!(cropped.dimensions(), (96, 96));
    assert_eq!(cropped.get_pixel(90, 90), Rgba([0, 0, 255, 255]));
    let huge = picture(alice.thumbnail(&id, "width=99999&height=99999").await).await;
    assert_eq!(huge.dimensions(), (800, 400));
    let again = alice.thumbnail(&id, "width=310&height=200").await;
    assert_eq!(picture(again).await.dimensions(), (320, 160), "made before, the same");
    home.server.shutdown().await;
}

#[tokio::test]
async fn a_small_picture_is_not_made_larger() {
    let home = home().await;
    let alice = home.person("alice").await;
    let bytes = encoded(&halves(40, 20), ImageFormat::Png);
    // What it is, its bytes say: the declared type is not believed.
    let id = alice.uploads("image/svg+xml", "p", bytes.clone()).await;
    let response = alice.thumbnail(&id, "width=320&height=240").await;
    assert_eq!(header(&response, "content-type"), "image/png");
    assert_eq!(response.bytes().await.unwrap(), bytes);
    home.server.shutdown().await;
}

#[tokio::test]
async fn a_photo_is_turned_as_its_camera_was_held_and_forgets_where_it_was() {
    let home = home().await;
    let alice = home.person("alice").await;
    let mut photo = encoded(&halves(900, 600), ImageFormat::Jpeg);
    // Exif with one entry: orientation 6, a quarter turn clockwise.
    let exif = b"\xff\xe1\x00\x22Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    photo.splice(2..2, exif.iter().copied());
    let id = alice.uploads("image/jpeg", "p.jpg", photo).await;
    let response = alice.thumbnail(&id, "width=300&height=300&method=scale").await;
    assert_eq!(header(&response, "content-type"), "image/jpeg");
    let bytes = response.bytes().await.unwrap();
    assert!(!bytes.windows(4).any(|part| part == b"Exif"));
    let turned = image::load_from_memory(&bytes).unwrap();
    assert_eq!(turned.dimensions(), (200, 300));
    let top = turned.get_pixel(100, 20);
    assert!(top[0] > 200 && top[2] < 60, "what was left is above: {top:?}");
    home.server.shutdown().await;
}

#[tokio::test]
async fn hostile_pictures_are_refused_and_the_server_lives() {
    let home = home().await;
    let alice = home.person("alice").await;
    let good = encoded(&halves(1000, 1000), ImageFormat::Png);
    let mut house = good.clone();
    // The header claims 60,000 by 60,000 pixels, with the checksum to match.
    house[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
    let sum = crc(&house[12..29]).to_be_bytes();
    house[29..33].copy_from_slice(&sum);
    let photo = encoded(&halves(1000, 1000), ImageFormat::Jpeg);
    let hostile: [(&str, Vec<u8>); 8] = [
        ("claims to be a house", house),
        ("cut off", good[..good.len() / 3].to_vec()),
        ("only a header", good[..33].to_vec()),
        (
            "broken checksum",
            good.iter().enumerate().map(|(at, byte)| if at == 60 { !byte } else { *byte }).collect(),
        ),
        ("a page", b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec()),
        ("nothing", Vec::new()),
        ("a gif of nothing", b"GIF89a\xff\xff\xff\xff\x00\x00\x00".to_vec()),
        ("a webp of nothing", b"RIFF\xff\xff\xff\xffWEBPVP8 ".to_vec()),
    ];
    for (what, bytes) in hostile {
        let id = alice.uploads("image/png", "p", bytes).await;
        let path = format!("/_matrix/client/v1/media/thumbnail/test.home.arpa/{id}?width=96&height=96");
        assert_eq!(alice.get(&path).await.refusal(), (400, "M_UNKNOWN"), "{what}");
    }
    let mut torn = photo.clone();
    torn.truncate(photo.len() / 2);
    let id = alice.uploads("image/jpeg", "p", torn).await;
    assert!(alice.thumbnail(&id, "width=96&height=96").await.status().as_u16() < 500);
    let id = alice.uploads("application/octet-stream", "secret", good).await;
    assert_eq!(
        alice.thumbnail(&id, "width=96&height=96").await.status(),
        400,
        "encrypted files are not looked into"
    );
    for query in ["", "width=5", "width=0&height=5", "width=x&height=5", "width=5&height=5&method=shrink"] {
        let response = alice.thumbnail(&id, query).await;
        assert_eq!(response.status(), 400, "{query}");
    }
    alice.get("/_matrix/client/v3/account/whoami").await.ok();
    home.server.shutdown().await;
}

#[tokio::test]
async fn a_moving_picture_stands_still_when_it_must() {
    let home = home().await;
    let alice = home.person("alice").await;
    let id = alice.uploads("image/gif", "g", encoded(&halves(60, 60), ImageFormat::Gif)).await;
    let moving = alice.thumbnail(&id, "width=320&height=240&animated=true").await;
    assert_eq!(header(&moving, "content-type"), "image/gif");
    for query in ["width=320&height=240", "width=320&height=240&animated=false"] {
        let still = alice.thumbnail(&id, query).await;
        assert_eq!(header(&still, "content-type"), "image/png", "{query}");
        assert_eq!(picture(still).await.dimensions(), (60, 60));
    }
    home.server.shutdown().await;
}

/// CRC-32 as PNG uses it.
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, byte| {
        (0..8).fold(
            crc ^ u32::from(*byte),
            |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 },
        )
    })
}
