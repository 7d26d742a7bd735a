//! Words as people use them: lengths of 4–17 words, frequencies by Zipf over made-up words; the same in every run.

/// How many different words there are.
const WORDS: usize = 30_000;

/// A seeded source of text.
pub(crate) struct Corpus {
    words: Vec<String>,
    /// Cumulative frequency of the words, ending at 1.
    cumulative: Vec<f64>,
    state: u64,
}

impl Corpus {
    /// The same text for the same seed.
    pub(crate) fn new(seed: u64) -> Self {
        let words = (0..WORDS).map(word).collect();
        let weights = (1..=WORDS).map(|rank| 1.0 / rank as f64);
        let total: f64 = weights.clone().sum();
        let cumulative = weights
            .scan(0.0, |sum, weight| {
                *sum += weight / total;
                Some(*sum)
            })
            .collect();
        Self { words, cumulative, state: seed }
    }

    /// One message.
    pub(crate) fn sentence(&mut self) -> String {
        let length = 4 + self.next() as usize % 14;
        let mut sentence = String::with_capacity(length * 7);
        for n in 0..length {
            if n > 0 {
                sentence.push(' ');
            }
            let rank = self.rank();
            sentence.push_str(&self.words[rank]);
        }
        sentence
    }

    /// A word, as often as it occurs in sentences.
    pub(crate) fn word(&mut self) -> &str {
        let rank = self.rank();
        &self.words[rank]
    }

    fn rank(&mut self) -> usize {
        let point = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        self.cumulative.partition_point(|sum| *sum < point).min(WORDS - 1)
    }

    /// splitmix64
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.state)
    }
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Word number `rank`: syllables, the frequent words shorter.
fn word(rank: usize) -> String {
    const SYLLABLES: [&str; 32] = [
        "ka", "lo", "mi", "ter", "an", "sel", "bu", "vor", "ne", "ti", "ras", "go", "ul", "pen", "da", "wis",
        "mo", "fer", "il", "chu", "bra", "sto", "kin", "ley", "ar", "von", "dre", "pla", "sun", "oz", "we",
        "tha",
    ];
    let mut rest = rank + 1;
    let mut word = String::new();
    while rest > 0 {
        word.push_str(SYLLABLES[rest % 32]);
        rest /= 32;
    }
    word
}
