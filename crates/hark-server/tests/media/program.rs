//! The program itself: killed in the middle of uploads, and measured while it is given hostile pictures.

use std::{
    collections::HashMap,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use reqwest::Client;
use serde_json::{Value, json};

/// A served folder; killed when dropped, in the middle of whatever it does.
struct Serving {
    child: Child,
    url: String,
}

impl Serving {
    fn start(data: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hark-server"));
        command.arg("serve").arg("--data").arg(data).args([
            "--listen",
            "127.0.0.1:0",
            "--server-name",
            "hark.test",
        ]);
        command.args(["--registration", "open", "--rate-limits", "off"]).env_remove("RUST_LOG");
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let url = line.split_whitespace().find(|word| word.starts_with("http://")).expect(&line).to_owned();
        Self { child, url }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

async fn token(serving: &Serving, client: &Client) -> String {
    let body =
        json!({ "username": "alice", "password": "correct horse", "auth": { "type": "m.login.dummy" } });
    let answer = client.post(format!("{}/_matrix/client/v3/register", serving.url)).json(&body).send().await;
    let answer: Value = answer.unwrap().json().await.unwrap();
    answer["access_token"].as_str().unwrap().to_owned()
}

async fn upload(url: &str, client: &Client, token: &str, kind: &str, bytes: Vec<u8>) -> Option<String> {
    let request = client.post(format!("{url}/_matrix/media/v3/upload")).bearer_auth(token);
    let answer = request.header("content-type", kind).body(bytes).send().await.ok()?;
    let answer: Value = answer.error_for_status().ok()?.json().await.ok()?;
    Some(answer["content_uri"].as_str()?.strip_prefix("mxc://hark.test/")?.to_owned())
}

/// What was acknowledged is there after a kill at any moment, byte for byte; what was not leaves nothing that counts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_in_the_middle_of_uploads_loses_none_that_was_acknowledged() {
    let _provider = crate::support::House::open().await;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let client = Client::new();
    let mut serving = Serving::start(&data);
    let token = token(&serving, &client).await;
    let kept: Arc<Mutex<HashMap<String, Vec<u8>>>> = Arc::default();
    for round in 0..3usize {
        let done = Arc::new(AtomicUsize::new(0));
        let uploads = (0..4usize).map(|worker| {
            let (url, client, token) = (serving.url.clone(), client.clone(), token.clone());
            let (kept, done) = (kept.clone(), done.clone());
            tokio::spawn(async move {
                for n in 0.. {
                    // Now and then bytes that are there already.
                    let seed = (round * 7 + worker * 31 + n) % 40;
                    let bytes = format!("{seed} ").repeat(2_000).into_bytes();
                    let Some(id) = upload(&url, &client, &token, "text/plain", bytes.clone()).await else {
                        return;
                    };
                    kept.lock().unwrap().insert(id, bytes);
                    done.fetch_add(1, Ordering::SeqCst);
                }
            })
        });
        let uploads: Vec<_> = uploads.collect();
        while done.load(Ordering::SeqCst) < 15 + round * 7 {
            tokio::task::yield_now().await;
        }
        drop(serving);
        for upload in uploads {
            upload.await.unwrap();
        }
        let checked = hark_server::check(&data).unwrap();
        assert!(checked.faults.is_empty(), "round {round}: {:?}", checked.faults);
        serving = Serving::start(&data);
    }
    let kept = kept.lock().unwrap().clone();
    assert!(kept.len() >= 45, "{}", kept.len());
    for (id, bytes) in &kept {
        let url = format!("{}/_matrix/client/v1/media/download/hark.test/{id}", serving.url);
        let answer = client.get(url).bearer_auth(&token).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{id} was acknowledged");
        assert_eq!(answer.bytes().await.unwrap(), bytes.as_slice());
    }
}

/// Two workers with the largest picture that is read, and pictures that claim more: the program stays within what two may take.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_pictures_take_no_more_memory_than_two_workers_may() {
    let _provider = crate::support::House::open().await;
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(&folder.path().join("data"));
    let client = Client::new();
    let token = token(&serving, &client).await;
    let largest = png((5_600, 5_600), 8, &[]);
    let over = png((5_600, 5_800), 8, &[]);
    let deep = png((5_600, 5_600), 16, &[]);
    // A colour profile of 200 million bytes, in one and a half.
    let profile = [&b"bomb\0\0"[..], &zeros(200_000_000)].concat();
    let bomb = png((700, 700), 8, &chunk(*b"iCCP", &profile));
    for (what, bytes) in [("largest", largest), ("over", over), ("deep", deep), ("bomb", bomb)] {
        let id = upload(&serving.url, &client, &token, "image/png", bytes).await.expect(what);
        let asked =
            ["width=96&height=96&method=crop", "width=320&height=240", "width=640&height=480"].map(|query| {
                let url = format!("{}/_matrix/client/v1/media/thumbnail/hark.test/{id}?{query}", serving.url);
                client.get(url).bearer_auth(&token).send()
            });
        for answer in futures_util::future::join_all(asked).await {
            let status = answer.unwrap().status().as_u16();
            assert!(matches!(status, 200 | 400), "{what}: {status}");
        }
    }
    let status = std::fs::read_to_string(format!("/proc/{}/status", serving.child.id())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(peak < 600_000, "{peak} kB");
}

/// A see-through picture of zeros, with more chunks before its pixels.
#[cfg(target_os = "linux")]
fn png((width, height): (u32, u32), depth: u8, more: &[u8]) -> Vec<u8> {
    let head = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[depth, 6, 0, 0, 0]].concat();
    let rows = (width as usize * 4 * usize::from(depth / 8) + 1) * height as usize;
    let pixels = chunk(*b"IDAT", &zeros(rows));
    [&b"\x89PNG\r\n\x1a\n"[..], &chunk(*b"IHDR", &head), more, &pixels, &chunk(*b"IEND", &[])].concat()
}

/// A chunk of a PNG with its checksum.
#[cfg(target_os = "linux")]
fn chunk(kind: [u8; 4], data: &[u8]) -> Vec<u8> {
    let body = [&kind[..], data].concat();
    let sum = !body.iter().fold(!0u32, |crc, byte| {
        (0..8).fold(
            crc ^ u32::from(*byte),
            |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 },
        )
    });
    [&(data.len() as u32).to_be_bytes()[..], &body, &sum.to_be_bytes()].concat()
}

/// At least `count` zeros as zlib writes them at best: one, then copies of 258, each in 13 bits.
#[cfg(target_os = "linux")]
fn zeros(count: usize) -> Vec<u8> {
    let copies = (count - 1).div_ceil(258);
    let total = (1 + copies * 258) as u32;
    let mut bits: Vec<bool> = Vec::with_capacity(copies * 13 + 32);
    let mut write = |code: u32, length: u32| bits.extend((0..length).rev().map(|bit| code >> bit & 1 == 1));
    // The last block, with the fixed code; then a zero as it stands.
    write(0b1_10, 3);
    write(0b0011_0000, 8);
    for _ in 0..copies {
        write(0b1100_0101, 8);
        write(0, 5);
    }
    write(0, 7);
    let mut bytes = vec![0x78, 0x01];
    bytes
        .extend(bits.chunks(8).map(|some| some.iter().rev().fold(0, |byte, bit| byte << 1 | u8::from(*bit))));
    // Adler-32 of zeros.
    bytes.extend((((total % 65_521) << 16) | 1).to_be_bytes());
    bytes
}
