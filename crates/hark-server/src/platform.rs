//! What differs by operating system, and nothing else. Not yet tried on Windows and macOS.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::Path,
};

use interprocess::local_socket::{Name, prelude::*};
use sha2::{Digest, Sha256};

use crate::hex::hex;

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
    hex(&hash[..12])
}

/// Hears the operating system asking the process to end, from the moment it is made.
#[derive(Debug)]
pub struct EndSignal {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(windows)]
    interrupt: tokio::signal::windows::CtrlC,
    #[cfg(windows)]
    terminate: tokio::signal::windows::CtrlShutdown,
}

impl EndSignal {
    /// Listens from now on: Ctrl-C, and what the system sends when it ends programs.
    #[cfg(unix)]
    pub fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// Listens from now on: Ctrl-C, and what the system sends when it ends programs.
    #[cfg(windows)]
    pub fn listen() -> io::Result<Self> {
        use tokio::signal::windows::{ctrl_c, ctrl_shutdown};
        Ok(Self { interrupt: ctrl_c()?, terminate: ctrl_shutdown()? })
    }

    /// Resolves when the process is asked to end.
    pub async fn received(mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
