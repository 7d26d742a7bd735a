//! A machine whose disk and clock a test can break under a running server.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use crate::program::{Limits, Serving};

/// A data folder, and what is told to the [shim](../shim.rs) below the server that serves it.
pub(crate) struct Machine {
    folder: tempfile::TempDir,
}

impl Machine {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("faults")).unwrap();
        Self { folder }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Starts a server on it.
    pub(crate) fn serve(&self, limits: Limits) -> Serving {
        let environment = [("LD_PRELOAD", shim()), ("HARK_FAULTS", &self.faults())];
        Serving::start_in(&self.data(), limits, &environment)
    }

    /// From now on files whose name ends like this cannot be brought to the disk.
    pub(crate) fn break_sync(&self, of: &str) {
        self.tell("sync", of);
    }

    /// From now on nothing can be written to files whose name ends like this.
    pub(crate) fn break_write(&self, of: &str) {
        self.tell("write", of);
    }

    /// The time of day is so many seconds later, or earlier.
    pub(crate) fn set_clock(&self, seconds: i64) {
        self.tell("clock", &seconds.to_string());
    }

    /// Another disk, another clock.
    pub(crate) fn repair(&self) {
        for fault in fs::read_dir(self.faults()).unwrap() {
            fs::remove_file(fault.unwrap().path()).unwrap();
        }
    }

    fn faults(&self) -> PathBuf {
        self.folder.path().join("faults")
    }

    /// At one stroke: the server reads while this writes.
    fn tell(&self, name: &str, content: &str) {
        let draft = self.folder.path().join("draft");
        fs::write(&draft, content).unwrap();
        fs::rename(draft, self.faults().join(name)).unwrap();
    }
}

/// The shim, compiled once.
fn shim() -> &'static Path {
    static SHIM: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, library) = SHIM.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let library = folder.path().join("libshim.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults/shim.rs");
        let mut compiler = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
        compiler
            .args(["--edition=2024", "--crate-type=cdylib", "-Copt-level=1", "-o"])
            .arg(&library)
            .arg(source);
        let compiled = compiler.output().unwrap();
        assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
        (folder, library)
    });
    library
}
