//! Pictures made small.

use std::{io::Cursor, time::Duration};

use image::{DynamicImage, GenericImageView, ImageFormat, Rgba, RgbaImage};
use reqwest::Response;

use crate::{
    support::House,
    wire::{header, refusal},
};

/// A picture whose left half is red and whose right half is blue.
pub(crate) fn halves(width: u32, height: u32) -> DynamicImage {
    RgbaImage::from_fn(width, height, |x, _| {
        if x < width / 2 { Rgba([255, 0, 0, 255]) } else { Rgba([0, 0, 255, 255]) }
    })
    .into()
}

pub(crate) fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Vec::new();
    let picture = if format == ImageFormat::Jpeg { picture.to_rgb8().into() } else { picture.clone() };
    picture.write_to(&mut Cursor::new(&mut bytes), format).unwrap();
    bytes
}

async fn picture(response: Response) -> DynamicImage {
    assert_eq!(response.status(), 200);
    image::load_from_memory(&response.bytes().await.unwrap()).unwrap()
}

/// A JPEG with an Exif block that says how the camera was held: 6 is a quarter turn.
fn turned(picture: &DynamicImage) -> Vec<u8> {
    let mut photo = encoded(picture, ImageFormat::Jpeg);
    let exif = b"\xff\xe1\x00\x22Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
    photo.splice(2..2, exif.iter().copied());
    photo
}

/// SyTest `POSTed media can be thumbnailed`, Complement `TestLocalPngThumbnail`: a picture of the asked kind in the type of the
/// original.
#[tokio::test]
async fn every_usual_size_is_the_next_one_up() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let id = alice.uploads("image/png", encoded(&halves(1200, 900), ImageFormat::Png)).await;
    for (asked, method, made) in [
        ((32, 32), "crop", (32, 32)),
        ((33, 20), "crop", (96, 96)),
        ((150, 150), "scale", (150, 113)),
        ((151, 10), "scale", (300, 225)),
        ((320, 240), "scale", (320, 240)),
        ((600, 600), "scale", (600, 450)),
        ((640, 480), "scale", (640, 480)),
        ((700, 500), "scale", (800, 600)),
        ((5000, 5000), "scale", (800, 600)),
        ((600, 600), "crop", (600, 600)),
    ] {
        let query = format!("width={}&height={}&method={method}", asked.0, asked.1);
        let answer = alice.thumbnail(&id, &query).await;
        assert_eq!(header(&answer, "content-type"), "image/png");
        assert_eq!(header(&answer, "content-disposition"), "inline; filename=\"thumbnail.png\"");
        let small = picture(answer).await;
        assert_eq!(small.dimensions(), made, "{query}");
        let (left, right) = (small.get_pixel(2, made.1 / 2), small.get_pixel(made.0 - 3, made.1 / 2));
        assert_eq!((left, right), (Rgba([255, 0, 0, 255]), Rgba([0, 0, 255, 255])), "{query}");
    }
}

#[tokio::test]
async fn a_turned_photo_is_measured_as_it_is_shown() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    // Shown 300 wide and 700 high: too high for 640 by 480, though it is stored 700 wide and 300 high.
    let id = alice.uploads("image/jpeg", turned(&halves(700, 300))).await;
    let small = picture(alice.thumbnail(&id, "width=640&height=480&method=scale").await).await;
    assert_eq!(small.dimensions(), (206, 480));
}

#[tokio::test]
async fn a_strip_is_scaled_and_cropped_without_losing_itself() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let id = alice.uploads("image/png", encoded(&halves(4000, 8), ImageFormat::Png)).await;
    let scaled = picture(alice.thumbnail(&id, "width=150&height=150").await).await;
    assert_eq!(scaled.dimensions(), (150, 1));
    let cropped = picture(alice.thumbnail(&id, "width=96&height=96&method=crop").await).await;
    assert_eq!(cropped.dimensions(), (96, 8));
}

#[tokio::test]
async fn many_who_want_one_thumbnail_get_the_same() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let id = alice.uploads("image/png", encoded(&halves(1500, 1500), ImageFormat::Png)).await;
    let asked = (0..20).map(|_| alice.thumbnail(&id, "width=96&height=96&method=crop"));
    let answers = futures_util::future::join_all(asked).await;
    let tag = header(&answers[0], "etag").to_owned();
    assert!(answers.iter().all(|answer| answer.status() == 200 && header(answer, "etag") == tag));
    let known = alice.to(
        reqwest::Method::GET,
        &format!("client/v1/media/thumbnail/hark.test/{id}?width=96&height=96&method=crop"),
    );
    assert_eq!(known.header("if-none-match", &tag).send().await.unwrap().status(), 304);
}

/// An animated PNG is a PNG with one more chunk.
#[tokio::test]
async fn a_moving_png_stands_still_unless_it_may_move() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let still = encoded(&halves(60, 60), ImageFormat::Png);
    let mut moving = still.clone();
    // One frame, played for ever: the chunk that says so comes before the pixels.
    let animation = b"\0\0\0\x08acTL\0\0\0\x01\0\0\0\0\xb4\x2d\xe9\xa0";
    moving.splice(33..33, animation.iter().copied());
    let plain = alice.uploads("image/png", still.clone()).await;
    let id = alice.uploads("image/png", moving.clone()).await;
    let asked = async |id: &str, query: &str| {
        alice.thumbnail(id, &format!("width=320&height=240{query}")).await.bytes().await.unwrap()
    };
    assert_eq!(asked(&plain, "").await, still, "it is small, and does not move");
    assert_eq!(asked(&id, "&animated=true").await, moving);
    for query in ["", "&animated=false"] {
        let made = asked(&id, query).await;
        assert!(!made.windows(4).any(|four| four == b"acTL"), "{query}");
    }
}

/// ME2: the usual sizes are there before anybody asks.
#[tokio::test]
async fn the_usual_thumbnails_are_made_at_the_upload() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    alice.uploads("image/jpeg", encoded(&halves(900, 900), ImageFormat::Jpeg)).await;
    let folder = house.path().join("media/thumbnails");
    let made = || {
        let folders = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
        let names = folders.flat_map(|folder| std::fs::read_dir(folder).unwrap());
        names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect::<Vec<_>>()
    };
    let deadline = tokio::time::sleep(Duration::from_secs(20));
    tokio::pin!(deadline);
    while made().len() < 3 {
        tokio::select! {
            () = &mut deadline => panic!("only {:?}", made()),
            () = tokio::time::sleep(Duration::from_millis(20)) => {}
        }
    }
    for size in ["150x150", "300x300", "600x600"] {
        assert!(made().iter().any(|name| name.ends_with(&format!("-{size}-scale.jpg"))), "{:?}", made());
    }
}

/// A picture of few bytes that would be read for minutes.
#[tokio::test]
async fn a_photo_of_thousands_of_passes_is_not_read() {
    let house = House::open().await;
    let alice = house.person("alice").await;
    let mut photo = encoded(&halves(600, 600), ImageFormat::Jpeg);
    let pass = photo.windows(2).position(|two| two == [0xff, 0xda]).unwrap();
    let again = photo[pass..pass + 14].to_vec();
    photo.splice(pass..pass, again.repeat(5_000));
    let id = alice.uploads("image/jpeg", photo).await;
    for _ in 0..2 {
        let refused = refusal(alice.thumbnail(&id, "width=96&height=96").await).await;
        assert_eq!(refused, (400, "M_UNKNOWN".to_owned()), "asked again, the same");
    }
}
