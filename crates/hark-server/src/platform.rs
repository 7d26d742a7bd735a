//! What differs by operating system, and nothing else. Not yet tried on Windows and macOS.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::Path,
};

use interprocess::local_socket::{Name, prelude::*};
use sha2::{Digest, Sha256};

/// Makes a folder that only its owner may enter, and the folders above it.
pub(crate) fn create_private_dir(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Opens a file for writing, and makes it readable by its owner only if it is new.
pub(crate) fn open_private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Makes the renaming of a file in `folder` durable. Windows does this by itself.
pub(crate) fn sync_dir(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

/// The name of the local socket of a data folder. It lies in the folder where that is a file system's matter and the path is
/// short enough for a socket; otherwise its name is made from the folder's path.
pub(crate) fn socket_name(folder: &Path) -> io::Result<Name<'static>> {
    #[cfg(unix)]
    {
        use interprocess::local_socket::GenericFilePath;
        /// What every Unix grants to a socket's path.
        const LONGEST: usize = 100;
        let inside = folder.join("admin.sock");
        let path = if inside.as_os_str().len() <= LONGEST {
            inside
        } else {
            std::env::temp_dir().join(format!("hark-server-{}.sock", short_hash(folder)))
        };
        path.into_os_string().to_fs_name::<GenericFilePath>()
    }
    #[cfg(not(unix))]
    {
        use interprocess::local_socket::GenericNamespaced;
        format!("hark-server-{}", short_hash(folder)).to_ns_name::<GenericNamespaced>()
    }
}

fn short_hash(folder: &Path) -> String {
    let hash = Sha256::digest(folder.as_os_str().as_encoded_bytes());
    hash[..12].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Resolves when the operating system asks the process to end.
pub(crate) async fn asked_to_end() -> io::Result<()> {
    #[cfg(unix)]
    {
        let mut term = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            ended = tokio::signal::ctrl_c() => ended,
            _ = term.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}
