//! Fifty kills during traffic, of whoever is at hand: the server, either side's `listen`, or a `send` under way.
//!
//! The seed decides who writes, who is killed and when; it is printed, and `HARK_SEED` repeats it. `HARK_KILLS` asks for
//! more than fifty.

use std::time::Duration;

use hark_testkit::{Running, ServerProgram, no_more_than};
use tempfile::TempDir;
use tokio::time::sleep;

use crate::history::Written;
use crate::support::{ALICE, BOB, Someone, two_people};

const KILLS: usize = 50;

/// A kill, the restart and what is written meanwhile, on a machine that builds at the same time.
const PER_KILL: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_kills_during_traffic_lose_nothing_double_nothing_and_keep_the_order() {
    let mut dice = Dice::seeded();
    let kills = std::env::var("HARK_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(KILLS);
    let all = Box::pin(async move {
        let mut world = World::new().await;
        for _ in 0..kills {
            world.round(&mut dice).await;
        }
        world.settle().await;
    });
    no_more_than(PER_KILL * kills as u32, "all kills, and all messages delivered", all).await;
}

struct World {
    _data: TempDir,
    server: Option<ServerProgram>,
    people: [Side; 2],
    written: Written,
    count: usize,
}

/// One of the two, with what runs on its folder.
struct Side {
    someone: Someone,
    id: &'static str,
    other: &'static str,
    listen: Option<Running>,
}

impl World {
    async fn new() -> Self {
        let data = TempDir::new().unwrap();
        let server = ServerProgram::start(data.path()).await;
        let (alice, bob) = two_people(&server).await;
        let mut written = Written::default();
        written.promised(ALICE, "hello");
        let mut people = [
            Side { someone: alice, id: ALICE, other: BOB, listen: None },
            Side { someone: bob, id: BOB, other: ALICE, listen: None },
        ];
        for side in &mut people {
            side.listen = Some(side.someone.listen().await);
        }
        Self { _data: data, server: Some(server), people, written, count: 0 }
    }

    /// Both write a few messages, one process is killed meanwhile, and comes back.
    async fn round(&mut self, dice: &mut Dice) {
        for _ in 0..=dice.below(3) {
            self.write(dice.below(2)).await;
        }
        // Whatever the writes set in motion is cut at this instant.
        sleep(Duration::from_millis(dice.below(40) as u64)).await;
        match dice.below(4) {
            0 => {
                let server = self.server.take().expect("it runs between rounds");
                // Written while the server is down, or just coming up.
                self.server = Some(server.kill_and_restart().await);
            }
            victim @ (1 | 2) => {
                let who = victim - 1;
                self.people[who].listen.take().expect("it runs between rounds").kill().await;
                // Now and then a `send` owns the folder itself when it dies.
                if dice.below(2) == 0 {
                    self.kill_a_send(who, dice).await;
                }
                let side = &mut self.people[who];
                side.listen = Some(side.someone.listen().await);
            }
            _ => self.kill_a_send(dice.below(2), dice).await,
        }
    }

    async fn write(&mut self, who: usize) {
        self.count += 1;
        let (side, text) = (&self.people[who], format!("m{}", self.count));
        side.someone.write(side.other, &text).await;
        self.written.promised(side.id, &text);
    }

    /// A `send` that is killed somewhere between its start and its end.
    async fn kill_a_send(&mut self, who: usize, dice: &mut Dice) {
        self.count += 1;
        let (side, text) = (&self.people[who], format!("k{}", self.count));
        let send = side.someone.hark(&["send", side.other, &text]).start().await;
        sleep(Duration::from_millis(dice.below(120) as u64)).await;
        send.kill().await;
        self.written.possible(side.id, &text);
    }

    /// A last word in each direction follows all others in its outbox; when both have arrived, all is there.
    async fn settle(mut self) {
        for who in 0..2 {
            let text = format!("last word of {who}");
            let (side, other) = (&self.people[who], &self.people[1 - who]);
            let listening = other.someone.listen().await;
            side.someone.send(side.other, &text).await;
            self.written.promised(side.id, &text);
            let mut listen = listening;
            listen.line_where(|line| line.contains(&text)).await;
            listen.kill().await;
        }
        let mut histories = Vec::new();
        for side in &self.people {
            let messages = side.someone.read(side.other).await;
            histories.push((side.id, messages.into_iter().map(|message| message.read).collect::<Vec<_>>()));
        }
        let wrong = self.written.violations(&histories);
        assert!(wrong.is_empty(), "{} promises; {wrong:#?}", self.written.promises());
        println!(
            "{} promised messages and {} of killed senders, each there once and in order",
            self.written.promises(),
            histories[0].1.len() - self.written.promises()
        );
    }
}

/// splitmix64, so that a seed says everything.
struct Dice(u64);

impl Dice {
    fn seeded() -> Self {
        let seed = std::env::var("HARK_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(|| {
            // A hasher's keys are the standard library's only source of chance.
            use std::hash::{BuildHasher as _, Hasher as _};
            std::hash::RandomState::new().build_hasher().finish()
        });
        println!("HARK_SEED={seed}");
        Self(seed)
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }
}
