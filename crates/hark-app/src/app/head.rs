//! Where the head of the player is, how much was really listened to, and when the window must be told.

/// How far the head moves before the window is told again; it moves its own head in between.
const REPORT_EVERY_MS: u64 = 1_000;

/// A jump larger than this was a seek, not listening.
const LARGEST_STEP_MS: u64 = 500;

/// A message left closer to its end than this starts from the beginning next time.
const AS_GOOD_AS_DONE_MS: u64 = 500;

/// The head of one message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    position_ms: u64,
    heard_ms: u64,
    /// Position and speed the window was told last while it moved; none while it stood.
    told: Option<(u64, f32)>,
}

impl Head {
    pub(super) fn at(position_ms: u64) -> Self {
        Self { position_ms, heard_ms: 0, told: None }
    }

    /// The head moved while sounding. True when the window could not know this by itself.
    pub(super) fn sounds(&mut self, position_ms: u64, speed: f32) -> bool {
        self.step(position_ms);
        let known = self.told.is_some_and(|(told_ms, at_speed)| {
            (at_speed - speed).abs() < f32::EPSILON
                && (told_ms..told_ms + REPORT_EVERY_MS).contains(&position_ms)
        });
        if !known {
            self.told = Some((position_ms, speed));
        }
        !known
    }

    /// The head stands.
    pub(super) fn stands(&mut self, position_ms: u64) {
        self.step(position_ms);
        self.told = None;
    }

    /// Counts what was listened to; a seek is not listening.
    fn step(&mut self, position_ms: u64) {
        let step = position_ms.saturating_sub(self.position_ms);
        if step <= LARGEST_STEP_MS {
            self.heard_ms += step;
        }
        self.position_ms = position_ms;
    }

    /// How much of the message was listened to.
    pub(super) fn heard_ms(&self) -> u64 {
        self.heard_ms
    }

    /// Where to go on next time, of a message this long; none where it is as good as over.
    pub(super) fn left_at(&self, duration_ms: u64) -> Option<u64> {
        (self.position_ms > 0 && self.position_ms + AS_GOOD_AS_DONE_MS < duration_ms)
            .then_some(self.position_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listening_counts_and_seeking_does_not() {
        let mut head = Head::at(0);
        for position_ms in (0..=600).step_by(50) {
            head.sounds(position_ms, 1.0);
        }
        head.sounds(9_000, 1.0);
        head.sounds(9_050, 1.0);
        head.sounds(100, 1.0);
        head.stands(150);
        assert_eq!(head.heard_ms(), 600 + 50 + 50);
    }

    #[test]
    fn the_window_is_told_once_a_second_and_at_every_jump() {
        let mut head = Head::at(0);
        let told: Vec<u64> =
            (0..=2_000).step_by(50).filter(|&position_ms| head.sounds(position_ms, 1.0)).collect();
        assert_eq!(told, [0, 1_000, 2_000]);
        assert!(head.sounds(500, 1.0), "back");
        assert!(head.sounds(550, 1.5), "faster");
        assert!(!head.sounds(600, 1.5));
        head.stands(600);
        assert!(head.sounds(600, 1.5), "on again");
    }

    #[test]
    fn a_message_goes_on_where_it_was_left_unless_it_was_as_good_as_over() {
        let mut head = Head::at(0);
        assert_eq!(head.left_at(10_000), None);
        head.stands(4_000);
        assert_eq!(head.left_at(10_000), Some(4_000));
        head.stands(9_800);
        assert_eq!(head.left_at(10_000), None);
    }
}
