//! Files: how fast they are given out and what the server holds meanwhile, and how long a photo takes to be made small.

use std::io::Cursor;

use anyhow::{Context as _, Result, ensure};
use image::codecs::jpeg::JpegEncoder;

use crate::Run;
use crate::clock;
use crate::homeserver::Homeserver;
use crate::http::Http;
use crate::machine::{self, LoadWatch};
use crate::report::{Report, Target};

/// As a film has them.
const FILE: usize = 64 << 20;
/// A photo of 12 million pixels.
const PHOTO: (u32, u32) = (4_000, 3_000);
const PHOTOS: u8 = 5;

/// Measures one connection on loopback, then first thumbnails of photos nobody asked for before.
pub(crate) async fn bench(run: &Run) -> Result<Report> {
    let setup = format!("a file of {} MB over one connection; photos of 12 Mpx", FILE >> 20);
    let mut report = Report::new("media_download", setup, machine::wait_for_quiet());
    let dir = tempfile::tempdir_in(run.dir())?;
    let server = Homeserver::start(dir.path(), 1).await?;
    let token = server.token(0);
    let mut http = server.connect().await?;
    let bytes: Vec<u8> = (0..FILE).map(|n| (n * 7 % 251) as u8).collect();
    let file = upload(&mut http, token, "video/mp4", &bytes).await?;
    let path = format!("/_matrix/client/v1/media/download/{file}");
    get(&mut http, &path, token).await?;
    let before = machine::resident(server.child.pid()).unwrap_or(0);
    let watch = LoadWatch::start(&[server.child.pid()]);
    let (began, mut given) = (clock::now(), 0usize);
    while began.elapsed() < run.time {
        given += get(&mut http, &path, token).await?;
    }
    let rate = given as f64 / began.elapsed().as_secs_f64() / 1e9;
    report.saw_load(watch.percent());
    report.judge("one connection", rate, "GB/s", Target::AtLeast(1.0));
    let grown = machine::resident(server.child.pid()).unwrap_or(0).saturating_sub(before);
    report.judge("server memory that came with it", grown as f64 / 1e6, "MB", Target::AtMost(4.0));

    let mut fastest = f64::INFINITY;
    for number in 0..PHOTOS {
        let photo = upload(&mut http, token, "image/jpeg", &photo(number)?).await?;
        // Until what is made ahead is made, so that nothing else runs.
        get(&mut http, &format!("/_matrix/client/v1/media/thumbnail/{photo}?width=600&height=600"), token)
            .await?;
        let began = clock::now();
        get(&mut http, &format!("/_matrix/client/v1/media/thumbnail/{photo}?width=640&height=480"), token)
            .await?;
        fastest = fastest.min(began.elapsed().as_secs_f64() * 1e3);
    }
    report.judge("first thumbnail of a 12 Mpx photo", fastest, "ms", Target::AtMost(400.0));
    server.child.stop().await?;
    Ok(report)
}

/// The `server/id` of what was uploaded.
async fn upload(http: &mut Http, token: &str, kind: &str, bytes: &[u8]) -> Result<String> {
    let (status, answer) = http.send("POST", "/_matrix/media/v3/upload", token, kind, bytes).await?;
    ensure!(status == 200, "upload: {status} {}", String::from_utf8_lossy(answer));
    let answer: serde_json::Value = serde_json::from_slice(answer)?;
    let address = answer["content_uri"].as_str().and_then(|address| address.strip_prefix("mxc://"));
    Ok(address.context("no address")?.to_owned())
}

async fn get(http: &mut Http, path: &str, token: &str) -> Result<usize> {
    let (status, answer) = http.request("GET", path, token, "").await?;
    ensure!(status == 200, "{path}: {status} {}", String::from_utf8_lossy(&answer[..answer.len().min(500)]));
    Ok(answer.len())
}

/// Slopes and noise, as a camera sees them. Each number is another picture.
fn photo(number: u8) -> Result<Vec<u8>> {
    let (width, height) = PHOTO;
    let pixels = image::RgbImage::from_fn(width, height, |x, y| {
        let noise = ((x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503)) >> 27) as u8;
        image::Rgb([(x / 16) as u8 + noise, (y / 12) as u8 + noise, number + noise])
    });
    let mut bytes = Cursor::new(Vec::new());
    JpegEncoder::new_with_quality(&mut bytes, 85).encode_image(&pixels)?;
    Ok(bytes.into_inner())
}
