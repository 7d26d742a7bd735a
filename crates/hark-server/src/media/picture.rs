//! Making a picture smaller: pure work on files, run on a blocking thread.
//!
//! What a file is, its first bytes say, never its declared type. Its size is looked at before it is decoded, so that a picture
//! that claims to be the size of a house is refused for the claim. The result holds pixels only: no place, no camera, no comment.

use std::{fs::File, io::BufReader, path::Path};

use image::{
    DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, codecs::jpeg::JpegEncoder,
    imageops::FilterType,
};

/// The largest picture that is decoded.
pub(super) const MAX_PIXELS: u64 = 32_000_000;
/// The most memory one decoder may take.
const MAX_MEMORY: u64 = 256 * 1024 * 1024;
/// The largest side one may ask for.
const MAX_SIDE: u32 = 2_048;
const JPEG_QUALITY: u8 = 80;

/// Sizes that are made; an ask is rounded up to one, so that a file has few thumbnails.
const CROPPED: [(u32, u32); 5] = [(32, 32), (96, 96), (150, 150), (300, 300), (600, 600)];
const SCALED: [(u32, u32); 6] = [(150, 150), (300, 300), (320, 240), (600, 600), (640, 480), (800, 600)];

/// How a picture is brought to a size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    /// False: only a still picture will do.
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
        format!("{width}x{height}-{fit}{}", if self.may_move { "" } else { "-still" })
    }
}

/// What became of a picture.
#[derive(Debug)]
pub(super) enum Made {
    /// A smaller one.
    Thumbnail { content_type: &'static str, bytes: Vec<u8> },
    /// It is small already.
    Original { content_type: &'static str },
}

/// Why there is no thumbnail, for people.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotPossible(pub(super) &'static str);

/// Makes the thumbnail of the file at `path`.
pub(super) fn make(path: &Path, wanted: Wanted) -> Result<Made, NotPossible> {
    let unreadable = NotPossible("This file cannot be read.");
    let file = File::open(path).map_err(|_| unreadable)?;
    let reader = ImageReader::new(BufReader::new(file)).with_guessed_format();
    let mut reader = reader.map_err(|_| NotPossible("This file cannot be read."))?;
    let format = reader.format().filter(|format| content_type(*format).is_some());
    let format = format.ok_or(NotPossible("This file is not a picture that can be made smaller."))?;
    reader.limits(limits());
    let damaged = |_| NotPossible("This picture is damaged or too large.");
    let mut decoder = reader.into_decoder().map_err(damaged)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(NotPossible("This picture has too many pixels."));
    }
    let orientation = decoder.orientation().map_err(damaged)?;
    let size = wanted.size();
    let moves = matches!(format, ImageFormat::Gif | ImageFormat::WebP);
    if width <= size.0 && height <= size.1 && (wanted.may_move || !moves) {
        return Ok(Made::Original { content_type: content_type(format).unwrap_or_default() });
    }
    let mut picture = DynamicImage::from_decoder(decoder).map_err(damaged)?;
    picture.apply_orientation(orientation);
    encode(&resized(&picture, size, wanted.fit), format)
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

/// Never larger than the picture is.
fn resized(picture: &DynamicImage, (width, height): (u32, u32), fit: Fit) -> DynamicImage {
    let (width, height) = (width.min(picture.width()), height.min(picture.height()));
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
    let mut writer = std::io::Cursor::new(&mut bytes);
    picture.to_rgba8().write_to(&mut writer, ImageFormat::Png).map_err(failed)?;
    Ok(Made::Thumbnail { content_type: "image/png", bytes })
}
