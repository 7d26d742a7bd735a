//! The key of the store: 32 random bytes, in the system keyring or in a file only its owner may read.
//!
//! A small file, `key-storage`, says which of the two holds it, so that a desktop whose keyring is gone today is told
//! apart from a new folder: a key that once was in the keyring is never replaced because it cannot be read now.

use std::fmt::Display;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use zeroize::Zeroizing;

use crate::{KeyPolicy, KeyStorage, OpenError, platform, random};

const SERVICE: &str = "app.hark";
/// A keyring that hangs (a locked wallet nobody unlocks, a dead bus) must not hang the start.
const PATIENCE: Duration = Duration::from_secs(4);

/// The key and where it is.
pub(crate) struct StoreKey {
    pub(crate) bytes: Zeroizing<[u8; 32]>,
    pub(crate) storage: KeyStorage,
}

/// Reads the folder's key, or makes one where the folder never had any.
pub(crate) async fn load(folder: &Path, policy: KeyPolicy) -> Result<StoreKey, OpenError> {
    let note = folder.join("key-storage");
    match read_note(&note)? {
        Some(Note::File { reason }) => from_file(folder, reason),
        Some(Note::Keyring { account }) => from_keyring(account).await,
        None if file_of(folder).exists() => {
            from_file(folder, "it was put there when this folder was made".to_owned())
        }
        None if folder.join("store.db").exists() => Err(OpenError::Key(
            "the folder has messages but the note of where their key is (key-storage) is gone".to_owned(),
        )),
        None => make(folder, &note, policy).await,
    }
}

enum Note {
    Keyring { account: String },
    File { reason: String },
}

fn read_note(path: &Path) -> Result<Option<Note>, OpenError> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(folder_error(path, error)),
    };
    match text.trim_end().split_once(' ') {
        Some(("keyring", account)) => Ok(Some(Note::Keyring { account: account.to_owned() })),
        Some(("file", reason)) => Ok(Some(Note::File { reason: reason.to_owned() })),
        _ => Err(OpenError::Key(format!("{} says neither keyring nor file", path.display()))),
    }
}

fn file_of(folder: &Path) -> PathBuf {
    folder.join("key")
}

fn from_file(folder: &Path, reason: String) -> Result<StoreKey, OpenError> {
    let path = file_of(folder);
    let text = Zeroizing::new(
        std::fs::read_to_string(&path)
            .map_err(|error| OpenError::Key(format!("{}: {error}", path.display())))?,
    );
    let bytes =
        unhex(&text).ok_or_else(|| OpenError::Key(format!("{} does not hold a key", path.display())))?;
    Ok(StoreKey { bytes, storage: KeyStorage::File { path, reason } })
}

async fn from_keyring(account: String) -> Result<StoreKey, OpenError> {
    let secret = in_keyring(move || keyring::Entry::new(SERVICE, &account)?.get_secret()).await;
    let secret = Zeroizing::new(secret.map_err(OpenError::Key)?);
    let bytes = <[u8; 32]>::try_from(secret.as_slice())
        .map_err(|_| OpenError::Key("the keyring's entry is not a key of Hark".to_owned()))?;
    Ok(StoreKey { bytes: Zeroizing::new(bytes), storage: KeyStorage::Keyring })
}

async fn make(folder: &Path, note: &Path, policy: KeyPolicy) -> Result<StoreKey, OpenError> {
    let bytes = Zeroizing::new(random::bytes::<32>().map_err(|error| OpenError::Key(error.to_string()))?);
    let reason = match policy {
        KeyPolicy::File => "it was asked for".to_owned(),
        KeyPolicy::Auto | KeyPolicy::Keyring => match put_into_keyring(&bytes).await {
            Ok(account) => {
                write_note(folder, note, &format!("keyring {account}\n"))?;
                return Ok(StoreKey { bytes, storage: KeyStorage::Keyring });
            }
            Err(reason) if policy == KeyPolicy::Keyring => return Err(OpenError::Key(reason)),
            Err(reason) => reason.replace('\n', " "),
        },
    };
    let path = file_of(folder);
    platform::create_private(&path, random::hex(bytes.as_slice()).as_bytes())
        .map_err(|error| folder_error(&path, error))?;
    write_note(folder, note, &format!("file {reason}\n"))?;
    Ok(StoreKey { bytes, storage: KeyStorage::File { path, reason } })
}

/// Puts a key under a name of its own, so that no other folder's key is ever overwritten, and reads it back.
async fn put_into_keyring(bytes: &Zeroizing<[u8; 32]>) -> Result<String, String> {
    let account = random::bytes::<8>().map_err(|error| error.to_string())?;
    let account = format!("store-{}", random::hex(&account));
    let (name, secret) = (account.clone(), bytes.clone());
    let kept = in_keyring(move || {
        let entry = keyring::Entry::new(SERVICE, &name)?;
        entry.set_secret(secret.as_slice())?;
        Ok(entry.get_secret()? == secret.as_slice())
    })
    .await?;
    if kept { Ok(account) } else { Err("the keyring did not keep what it was given".to_owned()) }
}

/// The keyring blocks, and asks the system bus: never on a task, never for ever.
async fn in_keyring<T: Send + 'static>(
    work: impl FnOnce() -> keyring::Result<T> + Send + 'static,
) -> Result<T, String> {
    let (answer, done) = tokio::sync::oneshot::channel();
    // A thread of its own: one that hangs must not hold up the runtime's shutdown.
    std::thread::Builder::new()
        .name("hark-keyring".to_owned())
        .spawn(move || {
            let outcome = match keyring::Entry::store_status() {
                Ok(()) => work().map_err(|error| error.to_string()),
                Err(error) => Err(error.to_string()),
            };
            let _ = answer.send(outcome);
        })
        .map_err(|error| error.to_string())?;
    match tokio::time::timeout(PATIENCE, done).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => Err("the keyring failed".to_owned()),
        Err(_) => Err(format!("the system keyring did not answer within {} s", PATIENCE.as_secs())),
    }
}

fn write_note(folder: &Path, note: &Path, text: &str) -> Result<(), OpenError> {
    platform::create_private(note, text.as_bytes()).map_err(|error| folder_error(note, error))?;
    platform::sync_folder(folder).map_err(|error| folder_error(folder, error))
}

fn folder_error(path: &Path, error: impl Display) -> OpenError {
    OpenError::Folder { path: path.to_owned(), reason: error.to_string() }
}

fn unhex(text: &str) -> Option<Zeroizing<[u8; 32]>> {
    let text = text.trim();
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let mut bytes = Zeroizing::new([0; 32]);
    for (byte, at) in bytes.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(text.get(at..at + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::load;
    use crate::{KeyPolicy, KeyStorage, OpenError};

    #[tokio::test]
    async fn a_key_file_is_made_once_and_read_again() {
        let dir = tempfile::tempdir().expect("a folder");
        let first = load(dir.path(), KeyPolicy::File).await.expect("made");
        let again = load(dir.path(), KeyPolicy::Auto).await.expect("read");
        assert_eq!(*first.bytes, *again.bytes);
        assert!(matches!(again.storage, KeyStorage::File { .. }));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(dir.path().join("key")).expect("a key").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[tokio::test]
    async fn a_key_that_cannot_be_read_is_not_replaced() {
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::write(dir.path().join("key-storage"), "keyring store-of-another-desktop\n")
            .expect("written");
        let outcome = load(dir.path(), KeyPolicy::Auto).await.err();
        assert!(matches!(outcome, Some(OpenError::Key(_))), "{outcome:?}");
        assert!(!dir.path().join("key").exists());
    }

    #[tokio::test]
    async fn messages_without_a_note_of_their_key_are_left_alone() {
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::write(dir.path().join("store.db"), "something").expect("written");
        assert!(matches!(load(dir.path(), KeyPolicy::File).await.err(), Some(OpenError::Key(_))));
    }
}
