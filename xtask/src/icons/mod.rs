//! `cargo xtask icons`: src-tauri/icons from the drawings in icons/.
//!
//! What is made is committed, so that building takes no drawing program. Small sizes have drawings of their own, on
//! whole pixels; the tray's are made once for dark bars and once for light ones.

mod container;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;

use crate::shell::call;
use crate::{repo, setup};

/// What draws them.
const DRAWS: &[&str] = &["librsvg2-bin"];

/// The tray's drawings, and their two colours.
const TRAY: [&str; 4] = ["tray", "tray-unread", "tray-dnd", "tray-talking"];
const ON_DARK: &str = "#FFFFFF";
const ON_LIGHT: &str = "#12171B";

/// Twice the 22 pixels they are drawn on.
const TRAY_SIZE: u32 = 44;

/// Makes them all.
pub(crate) fn icons() -> Result<ExitCode> {
    setup::system::packages(&[DRAWS])?;
    let to = repo::root().join("src-tauri").join("icons");
    fs::create_dir_all(&to)?;
    for (name, size) in [("32x32", 32), ("64x64", 64), ("128x128", 128), ("256x256", 256), ("icon", 512)] {
        fs::write(to.join(name).with_extension("png"), draw(&app(size), size, None)?)?;
    }
    for name in TRAY {
        for (suffix, colour) in [("on-dark", ON_DARK), ("on-light", ON_LIGHT)] {
            let picture = draw(&drawing(name), TRAY_SIZE, Some(colour))?;
            fs::write(to.join(format!("{name}-{suffix}.png")), picture)?;
        }
    }
    let windows = [16, 32, 48, 64, 256];
    let windows = windows.map(|size| Ok((size, draw(&app(size), size, None)?)));
    fs::write(to.join("icon.ico"), container::ico(&windows.into_iter().collect::<Result<Vec<_>>>()?)?)?;
    let mac = [16, 32, 64, 128, 256, 512, 1024];
    let mac = mac.map(|size| Ok((size, draw(&drawing("app-macos"), size, None)?)));
    fs::write(to.join("icon.icns"), container::icns(&mac.into_iter().collect::<Result<Vec<_>>>()?)?)?;
    Ok(ExitCode::SUCCESS)
}

/// The app's drawing for a size in pixels.
fn app(size: u32) -> PathBuf {
    drawing(match size {
        ..=18 => "app-16",
        19..=36 => "app-32",
        _ => "app",
    })
}

fn drawing(name: &str) -> PathBuf {
    repo::root().join("icons").join(name).with_extension("svg")
}

/// A drawing as PNG, square, its `currentColor` replaced where one is given.
fn draw(drawing: &Path, size: u32, colour: Option<&str>) -> Result<Vec<u8>> {
    let folder = repo::target().join("setup");
    fs::create_dir_all(&folder)?;
    let (svg, png) = (folder.join("icon.svg"), folder.join("icon.png"));
    let text = fs::read_to_string(drawing)?;
    fs::write(&svg, colour.map_or_else(|| text.clone(), |colour| text.replace("currentColor", colour)))?;
    let size = size.to_string();
    let paths = [svg.display().to_string(), png.display().to_string()];
    call("rsvg-convert", ["--width", &size, "--height", &size, &paths[0], "--output", &paths[1]]).run()?;
    Ok(fs::read(&png)?)
}
