//! What the store promises: commit order, isolated failures, durable before answered.

#![expect(
    clippy::redundant_closure_for_method_calls,
    reason = "a method's path is not general enough over the snapshot's lifetime"
)]

use ruma::user_id;

use super::*;

fn entry() -> LogEntry<'static> {
    LogEntry { kind: LogKind::Profile, room: None, user: Some(user_id!("@ann:hark.test")) }
}

fn open() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("hark.db")).unwrap();
    (folder, store)
}

#[tokio::test]
async fn a_failing_change_is_undone_alone_and_gives_its_position_back() {
    let (_folder, store) = open();
    let first = store.write::<_, StoreError, _>(|tx| tx.append(entry())).await.unwrap();
    let failed = store
        .write::<Position, StoreError, _>(|tx| {
            tx.append(entry())?;
            Err(StoreError::Closed)
        })
        .await;
    assert!(failed.is_err());
    let second = store.write::<_, StoreError, _>(|tx| tx.append(entry())).await.unwrap();
    assert_eq!((first, second), (Position(1), Position(2)));
    assert_eq!(store.committed(), Position(2));
    assert_eq!(store.read::<_, StoreError, _>(|snap| snap.position()).await.unwrap(), Position(2));
}

#[tokio::test]
async fn a_panicking_change_is_undone_alone_and_the_writer_goes_on() {
    let (_folder, store) = open();
    let panicked = store
        .write::<Position, StoreError, _>(|tx| {
            tx.append(entry())?;
            panic!("a bug in a command");
        })
        .await;
    assert!(matches!(panicked, Err(StoreError::Closed)));
    assert_eq!(store.write::<_, StoreError, _>(|tx| tx.append(entry())).await.unwrap(), Position(1));
}

#[tokio::test]
async fn a_change_without_a_savepoint_takes_its_batch_with_it_only_once_it_has_written() {
    let (_folder, store) = open();
    let write = |tx: &mut Tx<'_>| tx.append(entry());
    let unwritten = store.write_with::<Position, StoreError, _>(Undo::Batch, |_| Err(StoreError::Closed));
    let kept = store.write::<_, StoreError, _>(write);
    assert!(matches!(unwritten.await, Err(StoreError::Closed)));
    assert_eq!(kept.await.unwrap(), Position(1));

    // The writer is held until all three wait for it, and so are one batch.
    let (release, held) = std::sync::mpsc::channel::<()>();
    let (hold, holds) = tokio::sync::oneshot::channel();
    let holding = store.write::<_, StoreError, _>(move |_| {
        hold.send(()).unwrap();
        Ok(held.recv().is_ok())
    });
    holds.await.unwrap();
    let before = store.write::<_, StoreError, _>(write);
    let failing = store.write_with::<Position, StoreError, _>(Undo::Batch, move |tx| {
        write(tx)?;
        Err(StoreError::Closed)
    });
    let after = store.write_with::<_, StoreError, _>(Undo::Batch, write);
    release.send(()).unwrap();
    holding.await.unwrap();
    assert!(matches!(failing.await, Err(StoreError::Closed)));
    assert!(matches!(before.await, Err(StoreError::Undone)));
    assert!(matches!(after.await, Err(StoreError::Undone)));
    assert_eq!(store.committed(), Position(1));
    assert_eq!(store.write::<_, StoreError, _>(write).await.unwrap(), Position(2));
}

#[tokio::test]
async fn what_was_answered_is_there_after_reopening() {
    let (folder, store) = open();
    let epoch = store.epoch().to_owned();
    store.write::<_, StoreError, _>(|tx| tx.append(entry())).await.unwrap();
    store.close().await;
    let again = Store::open(&folder.path().join("hark.db")).unwrap();
    assert_eq!((again.committed(), again.epoch()), (Position(1), epoch.as_str()));
}

#[tokio::test]
async fn a_full_disk_refuses_the_write_and_leaves_reads_working() {
    let (_folder, store) = open();
    store.write::<_, StoreError, _>(|tx| tx.append(entry())).await.unwrap();
    store.write::<_, StoreError, _>(|tx| tx.limit_pages_for_test(1)).await.unwrap();
    let mut refused = None;
    for _ in 0..100_000 {
        if let Err(error) = store.write::<_, StoreError, _>(|tx| tx.append(entry())).await {
            refused = Some(error);
            break;
        }
    }
    assert!(matches!(refused, Some(StoreError::Full)), "{refused:?}");
    let seen = store.read::<_, StoreError, _>(|snap| snap.position()).await.unwrap();
    assert_eq!(seen, store.committed());
    store.write::<_, StoreError, _>(|tx| tx.limit_pages_for_test(1_000_000)).await.unwrap();
    assert_eq!(store.write::<_, StoreError, _>(|tx| tx.append(entry())).await.unwrap().0, seen.0 + 1);
}

#[tokio::test]
async fn every_commit_is_announced_before_it_is_answered() {
    let (_folder, store) = open();
    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let sink = seen.clone();
    store.on_commit(Box::new(move |batch| sink.lock().unwrap().push((batch.entries.len(), batch.to))));
    for _ in 0..3 {
        store.write::<_, StoreError, _>(|tx| tx.append(entry())).await.unwrap();
    }
    let seen = seen.lock().unwrap().clone();
    assert_eq!(seen, [(1, Position(1)), (1, Position(2)), (1, Position(3))]);
}

#[tokio::test]
async fn a_repeated_request_has_its_effect_once() {
    let (_folder, store) = open();
    let key = TxnKey::new(user_id!("@ann:hark.test"), "PHONE".into(), &["sendToDevice", "m.test"], "1");
    for expected in [true, false] {
        let key = key.clone();
        let done = store.write::<_, StoreError, _>(move |tx| tx.once(&key, 0, |tx| tx.append(entry()))).await;
        assert_eq!(done.unwrap().is_some(), expected);
    }
    assert_eq!(store.committed(), Position(1));
}

#[tokio::test]
async fn a_statement_that_looks_at_every_row_fails_the_tests() {
    let (_folder, store) = open();
    let looked = store
        .write::<(), StoreError, _>(|tx| {
            tx.prepare("SELECT pos FROM events WHERE sender = $1")?;
            Ok(())
        })
        .await;
    assert!(matches!(looked, Err(StoreError::Closed)), "the check panics inside the command");
}
