//! Small files that are replaced as a whole.

use std::io::{self, Write as _};
use std::path::Path;

use crate::platform;

/// Replaces a file, for its owner's eyes only, so that a crash leaves the old or the new one, whole.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file = platform::private_file(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&new, path)
}
