//! Making a picture smaller: pure work on bytes, run on a blocking thread.
//!
//! What a file is, its first bytes say, never its declared type. Its size is looked at before it is decoded, so that a picture
//! that claims to be the size of a house is refused for the claim. The result holds pixels only: no place, no camera, no comment.

use std::io::Cursor;

use image::{
    DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, codecs::jpeg::JpegEncoder,
    imageops::FilterType, metadata::Orientation,
};

/// The largest file that is decoded.
pub(super) const MAX_BYTES: u64 = 48 * 1024 * 1024;
/// The largest picture that is decoded.
pub(super) const MAX_PIXELS: u64 = 32_000_000;
/// A photo is written in few passes over it. A short file can hold thousands of passes that each take as long as a whole photo.
const MAX_PASSES: usize = 100;
/// The most memory one decoder may take.
const MAX_MEMORY: u64 = 160 * 1024 * 1024;
/// The largest side one may ask for.
const MAX_SIDE: u32 = 2_048;
const JPEG_QUALITY: u8 = 80;

/// Sizes that are made; an ask is rounded up to one, so that a file has few thumbnails.
const CROPPED: [(u32, u32); 5] = [(32, 32), (96, 96), (150, 150), (300, 300), (600, 600)];
const SCALED: [(u32, u32); 6] = [(150, 150), (300, 300), (320, 240), (600, 600), (640, 480), (800, 600)];

/// How a picture is brought to a size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Fit {
    /// Fill the size, cutting off what stands over.
    Crop,
    /// Fit into the size whole.
    Scale,
}

/// A thumbnail as it was asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) fit: Fit,
    /// True: where the picture moves and is small enough, it itself is wanted. What is made of pictures never moves.
    pub(crate) may_move: bool,
}

impl Wanted {
    /// The size that is made: the smallest not smaller than asked, else the largest.
    pub(super) fn size(&self) -> (u32, u32) {
        let (width, height) = (self.width.min(MAX_SIDE), self.height.min(MAX_SIDE));
        let sizes: &[(u32, u32)] = match self.fit {
            Fit::Crop => &CROPPED,
            Fit::Scale => &SCALED,
        };
        let enough = sizes.iter().find(|size| size.0 >= width && size.1 >= height);
        *enough.unwrap_or(&sizes[sizes.len() - 1])
    }

    /// Names the result among the thumbnails of one file.
    pub(super) fn name(&self) -> String {
        let (width, height) = self.size();
        let fit = if self.fit == Fit::Crop { "crop" } else { "scale" };
        format!("{width}x{height}-{fit}{}", if self.may_move { "-moving" } else { "" })
    }
}

/// What is made of every picture that is uploaded, before anybody asks (ME2).
pub(super) const ALWAYS: [Wanted; 3] = [always(150), always(300), always(600)];

const fn always(side: u32) -> Wanted {
    Wanted { width: side, height: side, fit: Fit::Scale, may_move: false }
}

/// What became of a picture.
#[derive(Clone, Debug)]
pub(super) enum Made {
    /// A smaller one.
    Thumbnail { content_type: &'static str, bytes: Vec<u8> },
    /// It is small already.
    Original { content_type: &'static str },
}

/// Why there is no thumbnail, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotPossible(pub(super) &'static str);

/// A picture whose head was read.
struct Opened<'b> {
    decoder: Box<dyn ImageDecoder + 'b>,
    format: ImageFormat,
    orientation: Orientation,
    /// As it is shown: turned as its camera was held.
    width: u32,
    height: u32,
}

/// What the picture is, its width and its height. Decodes nothing.
pub(super) fn look(bytes: &[u8]) -> Result<(&'static str, u32, u32), NotPossible> {
    let opened = open(bytes)?;
    Ok((content_type(opened.format).unwrap_or_default(), opened.width, opened.height))
}

/// Makes thumbnails of a picture, in the order in which they are wanted. It is decoded once, and only if it has to be.
pub(super) fn make(bytes: &[u8], wanted: &[Wanted]) -> Result<Vec<Made>, NotPossible> {
    let Opened { decoder, format, orientation, width, height } = open(bytes)?;
    let moves = moves(bytes, format);
    let will_do = |wanted: &Wanted| {
        let size = wanted.size();
        width <= size.0 && height <= size.1 && (wanted.may_move || !moves)
    };
    let original = Made::Original { content_type: content_type(format).unwrap_or_default() };
    if wanted.iter().all(will_do) {
        return Ok(vec![original; wanted.len()]);
    }
    let mut picture = DynamicImage::from_decoder(decoder).map_err(damaged)?;
    picture.apply_orientation(orientation);
    let one = |wanted: &Wanted| {
        if will_do(wanted) {
            return Ok(original.clone());
        }
        encode(&resized(&picture, wanted.size(), wanted.fit), format)
    };
    wanted.iter().map(one).collect()
}

fn open(bytes: &[u8]) -> Result<Opened<'_>, NotPossible> {
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format();
    let mut reader = reader.map_err(|_| NotPossible("This file cannot be read."))?;
    let format = reader.format().filter(|format| content_type(*format).is_some());
    let format = format.ok_or(NotPossible("This file is not a picture that can be made smaller."))?;
    if format == ImageFormat::Jpeg && passes(bytes) > MAX_PASSES {
        return Err(NotPossible("This picture would take too long to read."));
    }
    reader.limits(limits());
    let mut decoder = reader.into_decoder().map_err(damaged)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(NotPossible("This picture has too many pixels."));
    }
    let orientation = decoder.orientation().map_err(damaged)?;
    let turned = matches!(
        orientation,
        Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
    );
    let (width, height) = if turned { (height, width) } else { (width, height) };
    Ok(Opened { decoder: Box::new(decoder), format, orientation, width, height })
}

/// Whether the picture may move: every GIF may, the others say so at their beginning.
fn moves(bytes: &[u8], format: ImageFormat) -> bool {
    match format {
        ImageFormat::Gif => true,
        ImageFormat::WebP => {
            bytes.get(12..16).is_some_and(|kind| kind == b"VP8X")
                && bytes.get(20).is_some_and(|flags| flags & 2 != 0)
        }
        ImageFormat::Png => {
            let names = |name: &[u8; 4]| bytes.windows(4).position(|four| four == name);
            names(b"acTL").is_some_and(|animation| names(b"IDAT").is_none_or(|pixels| animation < pixels))
        }
        _ => false,
    }
}

fn damaged(_: image::ImageError) -> NotPossible {
    NotPossible("This picture is damaged or too large.")
}

/// How often a JPEG starts a pass over the picture. The two bytes do not occur in what it writes of pixels.
fn passes(jpeg: &[u8]) -> usize {
    jpeg.windows(2).filter(|two| *two == [0xff, 0xda]).count()
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_MEMORY);
    limits
}

fn content_type(format: ImageFormat) -> Option<&'static str> {
    match format {
        ImageFormat::Png => Some("image/png"),
        ImageFormat::Jpeg => Some("image/jpeg"),
        ImageFormat::Gif => Some("image/gif"),
        ImageFormat::WebP => Some("image/webp"),
        _ => None,
    }
}

/// Never larger than the picture is. A large one is first brought near the size by averaging, which takes a tenth of the time and
/// leaves nothing to see.
fn resized(picture: &DynamicImage, (width, height): (u32, u32), fit: Fit) -> DynamicImage {
    let (width, height) = (width.min(picture.width()), height.min(picture.height()));
    let near = |side: u32| side.saturating_mul(2);
    let larger = picture.width() / near(width).max(1) >= 2 && picture.height() / near(height).max(1) >= 2;
    let small = larger.then(|| match fit {
        // What is cut off later must be there still.
        Fit::Crop => {
            let by = (picture.width() / near(width)).min(picture.height() / near(height));
            picture.thumbnail_exact(picture.width() / by, picture.height() / by)
        }
        Fit::Scale => picture.thumbnail(near(width), near(height)),
    });
    let picture = small.as_ref().unwrap_or(picture);
    match fit {
        Fit::Crop => picture.resize_to_fill(width, height, FilterType::Triangle),
        Fit::Scale => picture.resize(width, height, FilterType::Triangle),
    }
}

/// JPEG from JPEG; what may be see-through becomes PNG.
fn encode(picture: &DynamicImage, from: ImageFormat) -> Result<Made, NotPossible> {
    let failed = |_| NotPossible("This picture could not be written.");
    let mut bytes = Vec::new();
    if from == ImageFormat::Jpeg {
        let pixels = picture.to_rgb8();
        JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY).encode_image(&pixels).map_err(failed)?;
        return Ok(Made::Thumbnail { content_type: "image/jpeg", bytes });
    }
    let mut writer = Cursor::new(&mut bytes);
    picture.to_rgba8().write_to(&mut writer, ImageFormat::Png).map_err(failed)?;
    Ok(Made::Thumbnail { content_type: "image/png", bytes })
}
