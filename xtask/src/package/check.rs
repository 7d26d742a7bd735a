//! The .deb in a clean Debian 12: what it needs is named in it, or it does not start there.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, bail, ensure};

use crate::shell::{Call, call};
use crate::{repo, setup};

/// What makes a clean system.
const MAKES: &[&str] = &["mmdebstrap"];

/// What a window needs to be seen by nobody.
const SCREEN: &str = "dbus,dbus-x11,xauth,xvfb";

/// Starts the window on a screen of its own, waits until it says that it is drawn, and has it end in order.
const OPEN_WINDOW: &str = r#"
export HOME=/root HARK_KEY=file RUST_LOG=hark_desktop=info NO_AT_BRIDGE=1 WEBKIT_DISABLE_DMABUF_RENDERER=1
xvfb-run --auto-servernum dbus-run-session -- sh -c '
    hark-desktop --data /root/data --try 2>/root/said & hark=$!
    timeout 60 sh -c "until grep -q \"the window is drawn\" /root/said; do sleep 0.2; done" || { cat /root/said; exit 1; }
    hark list --data /root/data
    kill -TERM $hark
    wait $hark
'
"#;

/// A program in the clean system takes no longer.
const PATIENCE: Duration = Duration::from_mins(5);

/// Installs and starts everything there; says "not proven" where such a system cannot be made.
pub(super) fn deb(deb: &Path) -> Result<()> {
    if call("id", ["-u"]).output()?.trim() != "0" {
        println!("{}: not proven, a clean system takes root to make", deb.display());
        return Ok(());
    }
    setup::system::packages(&[MAKES])?;
    let system = System::make()?;
    fs::copy(deb, system.root.join("hark.deb"))?;
    system.runs(&["apt-get", "update"])?;
    system.runs(&["apt-get", "install", "--yes", "--no-install-recommends", "/hark.deb"])?;
    for program in ["hark", "hark-server", "hark-desktop"] {
        let said = system.runs(&[program, "--help"])?;
        ensure!(said.contains("Usage:"), "{program} --help says:\n{said}");
    }
    for file in ["share/applications/Hark.desktop", "share/metainfo/app.hark.desktop.metainfo.xml"] {
        ensure!(system.root.join("usr").join(file).exists(), "/usr/{file} is missing");
    }
    let entry = fs::read_to_string(system.root.join("usr/share/applications/Hark.desktop"))?;
    ensure!(entry.contains("x-scheme-handler/matrix"), "the entry opens no matrix: links:\n{entry}");
    let listed = system.runs(&["sh", "-c", OPEN_WINDOW])?;
    ensure!(listed.contains("Echo"), "the window came up without Echo:\n{listed}");
    println!("{}: installs in a clean Debian 12, and its programs and its window start there", deb.display());
    Ok(())
}

/// A clean Debian in a folder, removed when dropped.
struct System {
    root: PathBuf,
    mounted: Vec<PathBuf>,
}

impl System {
    fn make() -> Result<Self> {
        let root = repo::target().join(format!("clean-debian-{}", std::process::id()));
        let system = Self { root: root.clone(), mounted: Vec::new() };
        eprintln!("making a clean Debian 12");
        let include = format!("--include={SCREEN}");
        let folder = root.display().to_string();
        call("mmdebstrap", ["--variant=minbase", "--mode=root", "--quiet", &include, "bookworm", &folder])
            .run()?;
        system.with_kernel()
    }

    /// What a web view wants of the kernel: its own, nothing of this machine's folders.
    fn with_kernel(mut self) -> Result<Self> {
        for (kind, folder) in [("proc", "proc"), ("tmpfs", "dev/shm")] {
            let at = self.root.join(folder);
            fs::create_dir_all(&at)?;
            call("mount", ["-t".as_ref(), kind.as_ref(), kind.as_ref(), at.as_os_str()]).run()?;
            self.mounted.push(at);
        }
        Ok(self)
    }

    /// What a program said that ended with 0.
    fn runs(&self, words: &[&str]) -> Result<String> {
        let said = self.call(words).listen_for(PATIENCE)?;
        if !said.ok {
            bail!("{} in the clean system:\n{}", words.join(" "), said.text);
        }
        Ok(said.text)
    }

    fn call(&self, words: &[&str]) -> Call {
        let root = self.root.display().to_string();
        let path = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
        let clean = ["env", "-i", path, "LANG=C.UTF-8", "DEBIAN_FRONTEND=noninteractive", "chroot", &root];
        call(clean[0], clean[1..].iter().chain(words))
    }
}

impl Drop for System {
    fn drop(&mut self) {
        // Lazily: something started there may still live for a moment.
        let unmounted = self
            .mounted
            .iter()
            .rev()
            .try_for_each(|at| call("umount", ["--lazy".as_ref(), at.as_os_str()]).run());
        let done = unmounted.and_then(|()| {
            fs::remove_dir_all(&self.root)?;
            Ok(())
        });
        if let Err(error) = done {
            eprintln!("{} is left over: {error:#}", self.root.display());
        }
    }
}
