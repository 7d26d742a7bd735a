//! Files that hold one icon in several sizes: Windows' .ico and macOS' .icns. Both take PNG as it is.

use anyhow::{Context as _, Result};

/// Pictures with their side in pixels, as an .ico.
pub(super) fn ico(pictures: &[(u32, Vec<u8>)]) -> Result<Vec<u8>> {
    const HEAD: usize = 6;
    const ENTRY: usize = 16;
    let mut file = Vec::new();
    // Reserved, kind (1 = icon), number of pictures.
    for word in [0, 1, u16::try_from(pictures.len())?] {
        file.extend(word.to_le_bytes());
    }
    let mut at = HEAD + ENTRY * pictures.len();
    for (size, png) in pictures {
        // One byte a side; 0 stands for 256.
        let side = u8::try_from(*size).unwrap_or(0);
        // Sides, no palette, reserved; one plane of 32 bits.
        file.extend([side, side, 0, 0, 1, 0, 32, 0]);
        file.extend(u32::try_from(png.len())?.to_le_bytes());
        file.extend(u32::try_from(at)?.to_le_bytes());
        at += png.len();
    }
    for (_, png) in pictures {
        file.extend(png);
    }
    Ok(file)
}

/// Pictures with their side in pixels, as an .icns.
pub(super) fn icns(pictures: &[(u32, Vec<u8>)]) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    for (size, png) in pictures {
        for kind in kinds(*size).context("macOS has no icon of this size")? {
            body.extend(*kind);
            body.extend(u32::try_from(png.len() + 8)?.to_be_bytes());
            body.extend(png);
        }
    }
    let mut file = b"icns".to_vec();
    file.extend(u32::try_from(body.len() + 8)?.to_be_bytes());
    file.extend(body);
    Ok(file)
}

/// What macOS calls a picture of this side; the second name is that of a half as large icon on a fine screen.
fn kinds(size: u32) -> Option<&'static [&'static [u8; 4]]> {
    Some(match size {
        16 => &[b"icp4"],
        32 => &[b"icp5", b"ic11"],
        64 => &[b"ic12"],
        128 => &[b"ic07"],
        256 => &[b"ic08", b"ic13"],
        512 => &[b"ic09", b"ic14"],
        1024 => &[b"ic10"],
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ico_says_where_each_picture_lies() {
        let file = ico(&[(16, vec![1, 2, 3]), (256, vec![4, 5])]).unwrap();
        assert_eq!(file[..6], [0, 0, 1, 0, 2, 0]);
        assert_eq!((file[6], file[22]), (16, 0));
        assert_eq!(file[18..22], 38_u32.to_le_bytes());
        assert_eq!(file[38..], [1, 2, 3, 4, 5]);
    }

    #[test]
    fn an_icns_is_as_long_as_it_says() {
        let file = icns(&[(32, vec![7; 10])]).unwrap();
        assert_eq!(file[4..8], u32::try_from(file.len()).unwrap().to_be_bytes());
        assert_eq!(&file[8..12], b"icp5");
        assert_eq!(&file[26..30], b"ic11");
    }
}
