//! The Python environment with other people's software.

use std::path::{Path, PathBuf};

use hark_testkit::{Program, build_folder};

/// `python SCRIPT` with a script of this folder.
pub(crate) fn script(name: &str) -> Program {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("interop").join(name);
    Program::at(&python()).arg(script)
}

/// Its interpreter.
pub(crate) fn python() -> PathBuf {
    let named = std::env::var_os("HARK_VENV").map(PathBuf::from);
    let folder = named.unwrap_or_else(|| build_folder().with_file_name("venv"));
    let python = folder.join("bin").join("python");
    assert!(python.exists(), "{} is missing: `cargo xtask test` makes it", python.display());
    python
}
