//! A disk that can only be read. Where no file system may be mounted (no root), these tests say so and prove nothing.

use std::{path::Path, process::Command};

use crate::program::{Serving, refused};

/// A small file system in memory, which can be made read-only.
struct Disk(tempfile::TempDir);

impl Disk {
    fn new() -> Option<Self> {
        let at = tempfile::tempdir().unwrap();
        let mounted = mount(&["-t", "tmpfs", "-o", "size=32m", "hark-disk"], at.path());
        if !mounted {
            println!("no file system may be mounted here: nothing was proven");
        }
        mounted.then(|| Self(at))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: a process that is just being killed may still hold a file.
        let _gone = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

fn mount(how: &[&str], at: &Path) -> bool {
    Command::new("mount").args(how).arg(at).output().is_ok_and(|output| output.status.success())
}

#[test]
fn a_folder_that_can_only_be_read_is_named_and_not_served() {
    let Some(disk) = Disk::new() else { return };
    let data = disk.0.path().join("data");
    Serving::start(&data).stop();
    assert!(mount(&["-o", "remount,ro"], disk.0.path()));
    for folder in [&data, &disk.0.path().join("another")] {
        let said = refused(folder);
        assert!(said.contains("cannot be used") && said.contains("--data"), "{said}");
    }
    assert!(mount(&["-o", "remount,rw"], disk.0.path()));
    Serving::start(&data).stop();
}
