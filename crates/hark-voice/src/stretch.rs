//! Faster and slower speech at its own pitch, by WSOLA (Verhelst and Roelands, 1993).
//!
//! The output is made of hops of 15 ms. Each fades from what would follow the hop before it into the place the speed
//! asks for, moved by at most 10 ms to where the two are most alike, so that the waves meet in step.

/// Samples a step gives: 15 ms.
const HOP: usize = 720;

/// How far the best place is looked for, to either side: 10 ms.
const SEARCH: isize = 480;

/// The first search looks at every fourth place and sample.
const COARSE: usize = 4;

/// Reads a sound at a speed.
#[derive(Clone, Debug)]
pub(crate) struct Stretch {
    speed: f64,
    /// Where the speed has taken us, in samples of the sound.
    position: f64,
    /// What follows the hop before.
    natural: isize,
}

impl Stretch {
    /// From sample `from` of the sound, at `speed` (1 = as spoken).
    pub(crate) fn new(from: usize, speed: f32) -> Self {
        Self { speed: f64::from(speed), position: from as f64, natural: from as isize }
    }

    /// Appends the next hop of `sound` to `out`; gives `false` at the end.
    pub(crate) fn step(&mut self, sound: &[f32], out: &mut Vec<f32>) -> bool {
        let left = (sound.len() as f64 - self.position) / self.speed;
        if left < 1.0 {
            return false;
        }
        let place =
            if self.position as isize == self.natural { self.natural } else { self.best_place(sound) };
        for index in 0..HOP.min(left as usize) {
            let fade = 0.5 - 0.5 * (std::f32::consts::PI * index as f32 / HOP as f32).cos();
            let (old, new) = (at(sound, self.natural + index as isize), at(sound, place + index as isize));
            out.push(old + (new - old) * fade);
        }
        self.natural = place + HOP as isize;
        self.position += HOP as f64 * self.speed;
        true
    }

    /// How many samples of the sound the next hop may look at.
    pub(crate) fn reach(&self) -> usize {
        let furthest = self.natural.max(self.position as isize) + SEARCH + COARSE as isize + HOP as isize;
        usize::try_from(furthest).unwrap_or(0)
    }

    fn best_place(&self, sound: &[f32]) -> isize {
        let wanted = self.position as isize;
        let coarse = self.most_alike(sound, wanted - SEARCH, wanted + SEARCH, COARSE);
        self.most_alike(sound, coarse - COARSE as isize, coarse + COARSE as isize, 1)
    }

    fn most_alike(&self, sound: &[f32], from: isize, to: isize, step: usize) -> isize {
        let alike = |place: isize| {
            let (mut product, mut energy) = (0.0, 1e-9);
            for index in (0..HOP as isize).step_by(step) {
                let candidate = at(sound, place + index);
                product += candidate * at(sound, self.natural + index);
                energy += candidate * candidate;
            }
            product / energy.sqrt()
        };
        let places = (from..=to).step_by(step).map(|place| (place, alike(place)));
        places.max_by(|one, other| one.1.total_cmp(&other.1)).map_or(from, |best| best.0)
    }
}

fn at(sound: &[f32], index: isize) -> f32 {
    usize::try_from(index).ok().and_then(|index| sound.get(index)).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::Stretch;

    fn tone(samples: usize) -> Vec<f32> {
        let step = std::f64::consts::TAU * 440.0 / 48_000.0;
        (0..samples).map(|index| (step * index as f64).sin() as f32 * 0.5).collect()
    }

    fn stretched(sound: &[f32], speed: f32) -> Vec<f32> {
        let mut out = Vec::new();
        let mut stretch = Stretch::new(0, speed);
        while stretch.step(sound, &mut out) {}
        out
    }

    fn rising_crossings_per_second(sound: &[f32]) -> f64 {
        let crossings = sound.windows(2).filter(|pair| pair[0] < 0.0 && pair[1] >= 0.0).count();
        crossings as f64 / (sound.len() as f64 / 48_000.0)
    }

    #[test]
    fn a_tone_keeps_its_pitch_and_strength_at_every_speed() {
        let sound = tone(4 * 48_000);
        for speed in [0.5, 0.8, 1.25, 1.5, 2.0, 3.0] {
            let out = stretched(&sound, speed);
            let expected = sound.len() as f64 / f64::from(speed);
            assert!((out.len() as f64 - expected).abs() <= 1.0, "{speed}: {} of {expected}", out.len());
            let pitch = rising_crossings_per_second(&out);
            assert!((pitch - 440.0).abs() < 3.0, "{speed}: {pitch} Hz");
            let middle = &out[2_000..out.len() - 2_000];
            let strength =
                (middle.iter().map(|sample| sample * sample).sum::<f32>() / middle.len() as f32).sqrt();
            assert!((strength - 0.3535).abs() < 0.02, "{speed}: {strength}");
        }
    }

    #[test]
    fn normal_speed_changes_nothing() {
        let sound = tone(10_000);
        assert_eq!(stretched(&sound, 1.0), sound);
    }
}
