//! Everything that differs by operating system.

use std::io;
use std::path::Path;

use interprocess::local_socket::Name;

/// Makes a folder only its owner may enter, with its parents.
pub(crate) fn private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Opens a file for writing that only its owner may read.
pub(crate) fn private_file(path: &Path) -> io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Opens a log only its owner may read, for more lines at its end.
pub(crate) fn private_log(path: &Path) -> io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Where the owner of a data folder can be spoken to.
#[cfg(unix)]
pub(crate) mod address {
    use super::{Name, Path, io};
    use interprocess::local_socket::{GenericFilePath, ToFsName as _};
    use std::path::PathBuf;

    /// Longest path every Unix takes for a socket, with its final zero; Linux takes four more.
    const LONGEST: usize = 103;

    /// A socket in the folder, or, where its path would be too long, in a private folder among the temporary files.
    pub(crate) fn choose(folder: &Path, nonce: &str) -> io::Result<String> {
        let mut path = folder.join("owner.sock");
        if path.as_os_str().len() > LONGEST {
            path = short(nonce)?;
        }
        path.into_os_string()
            .into_string()
            .map_err(|_| io::Error::other("the folder's name is not valid text"))
    }

    fn short(nonce: &str) -> io::Result<PathBuf> {
        let folder = std::env::temp_dir().join(format!("hark-{}", &nonce[..16]));
        super::private_folder(&folder)?;
        Ok(folder.join("owner.sock"))
    }

    pub(crate) fn name(address: &str) -> io::Result<Name<'_>> {
        address.to_fs_name::<GenericFilePath>()
    }

    /// Makes room for a new socket at an address whose owner is dead.
    pub(crate) fn clear(address: &str) -> io::Result<()> {
        match std::fs::remove_file(address) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Removes what [`choose`] made beside the folder. What is left over is empty and private.
    pub(crate) fn forget(address: &str, folder: &Path) {
        let _ = std::fs::remove_file(address);
        if let Some(parent) = Path::new(address).parent().filter(|parent| *parent != folder) {
            let _ = std::fs::remove_dir(parent);
        }
    }

    /// Lets only the folder's owner speak to the socket.
    pub(crate) fn protect(address: &str) -> io::Result<()> {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(address, std::fs::Permissions::from_mode(0o600))
    }
}

/// Where the owner of a data folder can be spoken to: a named pipe whose name cannot be guessed.
#[cfg(windows)]
pub(crate) mod address {
    use super::{Name, Path, io};
    use interprocess::local_socket::{GenericNamespaced, ToNsName as _};

    pub(crate) fn choose(_: &Path, nonce: &str) -> io::Result<String> {
        Ok(format!("hark-{nonce}"))
    }

    pub(crate) fn name(address: &str) -> io::Result<Name<'_>> {
        address.to_ns_name::<GenericNamespaced>()
    }

    pub(crate) fn clear(_: &str) -> io::Result<()> {
        Ok(())
    }

    pub(crate) fn forget(_: &str, _: &Path) {}

    pub(crate) fn protect(_: &str) -> io::Result<()> {
        Ok(())
    }
}

/// Makes a program to be that is no part of this one's: no signal of our terminal reaches it, and it stays when we end.
#[cfg(feature = "host")]
pub(crate) fn detach(command: &mut tokio::process::Command) {
    #[cfg(unix)]
    command.process_group(0);
    #[cfg(windows)]
    {
        const DETACHED_PROCESS: u32 = 0x0000_0008;
        const CREATE_NEW_PROCESS_GROUP: u32 = 0x0000_0200;
        command.creation_flags(DETACHED_PROCESS | CREATE_NEW_PROCESS_GROUP);
    }
}

/// Whether a file is there only as long as this program runs: an AppImage is mounted for that time.
#[cfg(feature = "host")]
pub(crate) fn goes_with_us(file: &Path) -> bool {
    cfg!(target_os = "linux")
        && std::env::var_os("APPDIR").is_some_and(|mounted| !mounted.is_empty() && file.starts_with(mounted))
}

/// Waits until the person or the system asks this program to end.
pub(crate) async fn asked_to_end() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let (Ok(mut terminate), Ok(mut hang_up)) =
            (signal(SignalKind::terminate()), signal(SignalKind::hangup()))
        else {
            return interrupted().await;
        };
        tokio::select! {
            () = interrupted() => {}
            _ = terminate.recv() => {}
            _ = hang_up.recv() => {}
        }
    }
    #[cfg(not(unix))]
    interrupted().await;
}

async fn interrupted() {
    if let Err(error) = tokio::signal::ctrl_c().await {
        tracing::warn!(%error, "cannot hear the interrupt key");
        std::future::pending::<()>().await;
    }
}

/// Whether a browser window could be seen.
pub(crate) fn has_display() -> bool {
    if cfg!(any(windows, target_os = "macos")) {
        return true;
    }
    ["DISPLAY", "WAYLAND_DISPLAY"]
        .iter()
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}
