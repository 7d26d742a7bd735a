//! The Python environment with other people's software.

use std::path::{Path, PathBuf};

use hark_testkit::{Program, program_path};

/// `python SCRIPT` with a script of this folder.
pub(crate) fn script(name: &str) -> Program {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("interop").join(name);
    Program::at(&python()).arg(script)
}

/// Its interpreter.
pub(crate) fn python() -> PathBuf {
    let named = std::env::var_os("HARK_VENV").map(PathBuf::from);
    let folder = named.unwrap_or_else(|| {
        let built = program_path("hark");
        built.ancestors().nth(2).expect("programs lie in target/<profile>").join("venv")
    });
    let python = folder.join("bin").join("python");
    assert!(python.exists(), "{} is missing: `cargo xtask test` makes it", python.display());
    python
}
