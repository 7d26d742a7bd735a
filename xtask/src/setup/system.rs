//! Programs and libraries of the system.
//!
//! On Debian and its kin they are installed where that needs no question (as root, or with sudo that asks for no
//! password). Elsewhere what is missing is named.

use std::path::Path;

use anyhow::{Result, bail};

use crate::shell::call;

/// What building takes.
pub(crate) const BUILD: &[&str] = &["build-essential", "cmake", "pkg-config", "perl", "libasound2-dev"];

/// What building the desktop window takes besides.
pub(crate) const SHELL: &[&str] = &["libayatana-appindicator3-dev", "libdbus-1-dev", "libwebkit2gtk-4.1-dev"];

/// What testing the desktop window takes besides: a screen, a window manager, a driver, and a bar (Python over D-Bus).
pub(crate) const DESK: &[&str] =
    &["dbus", "openbox", "python3-dbus", "python3-gi", "webkit2gtk-driver", "xdotool", "xvfb"];

/// What testing takes besides: sound without hardware, foreign sound files, a browser, a keyring, Python.
pub(crate) const TEST: &[&str] = &[
    "chromium",
    "dbus-x11",
    "espeak-ng",
    "ffmpeg",
    "gnome-keyring",
    "libasound2-plugins",
    "pulseaudio",
    "pulseaudio-utils",
    "python3-venv",
];

/// Browsers that will do in place of the package `chromium`, which Ubuntu has not.
const BROWSERS: &[&str] = &["/usr/bin/chromium", "/usr/bin/google-chrome", "/snap/bin/chromium"];

/// Makes sure the packages are there.
pub(crate) fn packages(wanted: &[&[&str]]) -> Result<()> {
    if !cfg!(target_os = "linux") {
        return elsewhere();
    }
    if call("dpkg-query", ["--version"]).listen().is_err() {
        // Not Debian: the build says what it misses.
        eprintln!("not a Debian system; needed are: {}", wanted.concat().join(" "));
        return Ok(());
    }
    let missing = missing(&wanted.concat())?;
    if missing.is_empty() {
        return Ok(());
    }
    eprintln!("installing {}", missing.join(" "));
    let root = call("id", ["-u"]).output()?.trim() == "0";
    let sudo = !root && call("sudo", ["-n", "true"]).listen().is_ok_and(|said| said.ok);
    if !root && !sudo {
        bail!("some packages are missing; install them with\n  sudo apt-get install {}", missing.join(" "));
    }
    let apt = |arguments: &[&str]| {
        let words = if sudo {
            vec!["sudo", "-n", "DEBIAN_FRONTEND=noninteractive", "apt-get"]
        } else {
            vec!["apt-get"]
        };
        let words = words.into_iter().chain(arguments.iter().copied()).collect::<Vec<_>>();
        call(words[0], &words[1..]).env("DEBIAN_FRONTEND", "noninteractive").run()
    };
    let install = [&["install", "--yes", "--no-install-recommends"], missing.as_slice()].concat();
    // The lists may be there already, and a mirror out of reach.
    if apt(&install).is_err() {
        apt(&["update"])?;
        apt(&install)?;
    }
    Ok(())
}

fn missing<'a>(wanted: &[&'a str]) -> Result<Vec<&'a str>> {
    let query = ["--show", "--showformat", "${Package} ${db:Status-Status}\n"];
    // It ends with 1 when it knows one of them not; the others are listed all the same.
    let installed = call("dpkg-query", query.iter().chain(wanted)).listen()?.text;
    Ok(wanted
        .iter()
        .copied()
        .filter(|name| !installed.lines().any(|line| line == format!("{name} installed")))
        .filter(|name| *name != "chromium" || !BROWSERS.iter().any(|path| Path::new(path).exists()))
        .collect())
}

/// Windows and macOS bring sound and a browser; a C compiler and cmake have to be there.
fn elsewhere() -> Result<()> {
    if call("cmake", ["--version"]).listen().is_err() {
        let remedy = if cfg!(windows) {
            "install \"Desktop development with C++\" of the Visual Studio Build Tools, cmake and Strawberry Perl"
        } else {
            "install the command line tools with `xcode-select --install`, and cmake with `brew install cmake`"
        };
        bail!("cmake is missing: {remedy}");
    }
    Ok(())
}
