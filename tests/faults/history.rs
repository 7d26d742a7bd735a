//! The history checker: what was promised is there once, in order, for everybody.
//!
//! A message is *promised* once its sender was told it is durable; it is *possible* when its sender was killed before it
//! heard. Every reader must hold each promised message exactly once, each possible one at most once, nothing else, each
//! sender's messages in the order they were written, and all readers the same sequence.

use std::collections::{BTreeMap, HashMap};

/// What was written, by whom, in which order.
#[derive(Default)]
pub(crate) struct Written {
    by_sender: BTreeMap<String, Vec<(String, bool)>>,
}

impl Written {
    /// Its sender was told that it is durable.
    pub(crate) fn promised(&mut self, sender: &str, text: &str) {
        self.by_sender.entry(sender.into()).or_default().push((text.into(), true));
    }

    /// Its sender was killed before it was told anything.
    pub(crate) fn possible(&mut self, sender: &str, text: &str) {
        self.by_sender.entry(sender.into()).or_default().push((text.into(), false));
    }

    /// How many were promised.
    pub(crate) fn promises(&self) -> usize {
        self.by_sender.values().flatten().filter(|(_, promised)| *promised).count()
    }

    /// What is wrong with the readers' histories; empty when nothing is.
    pub(crate) fn violations(&self, readers: &[(&str, Vec<Read>)]) -> Vec<String> {
        let mut wrong = Vec::new();
        for (reader, history) in readers {
            wrong.extend(self.of_reader(history).into_iter().map(|what| format!("{reader}: {what}")));
        }
        for pair in readers.windows(2) {
            let ids = |history: &[Read]| history.iter().map(|read| read.event_id.clone()).collect::<Vec<_>>();
            if ids(&pair[0].1) != ids(&pair[1].1) {
                wrong.push(format!("{} and {} read different sequences", pair[0].0, pair[1].0));
            }
        }
        wrong
    }

    fn of_reader(&self, history: &[Read]) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut texts: HashMap<(&str, &str), usize> = HashMap::new();
        let mut events: HashMap<&str, usize> = HashMap::new();
        for read in history {
            *texts.entry((&read.sender, &read.text)).or_default() += 1;
            *events.entry(&read.event_id).or_default() += 1;
        }
        wrong.extend(
            events.iter().filter(|(_, count)| **count > 1).map(|(id, n)| format!("{id} is there {n} times")),
        );
        for (sender, written) in &self.by_sender {
            for (text, promised) in written {
                match texts.remove(&(sender.as_str(), text.as_str())).unwrap_or(0) {
                    0 if *promised => wrong.push(format!("lost: {text:?} of {sender}")),
                    0 | 1 => {}
                    count => wrong.push(format!("{count} times: {text:?} of {sender}")),
                }
            }
            let order: HashMap<&str, usize> =
                written.iter().enumerate().map(|(n, (text, _))| (text.as_str(), n)).collect();
            let mine: Vec<usize> = history
                .iter()
                .filter(|read| read.sender == *sender)
                .filter_map(|read| order.get(read.text.as_str()).copied())
                .collect();
            if let Some(pair) = mine.windows(2).find(|pair| pair[0] > pair[1]) {
                wrong
                    .push(format!("{sender}: {:?} came before {:?}", written[pair[0]].0, written[pair[1]].0));
            }
        }
        wrong.extend(texts.keys().map(|(sender, text)| format!("nobody wrote {text:?} of {sender}")));
        wrong
    }
}

/// One message as a reader has it.
#[derive(Clone, Debug)]
pub(crate) struct Read {
    pub(crate) event_id: String,
    pub(crate) sender: String,
    pub(crate) text: String,
}

#[test]
fn the_checker_sees_what_is_lost_doubled_swapped_and_made_up() {
    let mut written = Written::default();
    for text in ["a", "b", "c"] {
        written.promised("@x", text);
    }
    written.possible("@x", "d");
    let read = |texts: &[&str]| -> Vec<Read> {
        let event = |(n, text): (usize, &&str)| Read {
            event_id: format!("${n}"),
            sender: "@x".into(),
            text: (*text).into(),
        };
        texts.iter().enumerate().map(event).collect()
    };
    assert_eq!(written.violations(&[("r", read(&["a", "b", "c"]))]), Vec::<String>::new());
    assert_eq!(written.violations(&[("r", read(&["a", "b", "c", "d"]))]), Vec::<String>::new());
    for bad in [
        &["a", "c"][..],
        &["a", "b", "b", "c"],
        &["b", "a", "c"],
        &["a", "b", "c", "z"],
        &["a", "b", "c", "d", "d"],
    ] {
        assert_ne!(written.violations(&[("r", read(bad))]), Vec::<String>::new(), "{bad:?}");
    }
    let (one, two) = (read(&["a", "b", "c"]), read(&["a", "b", "c", "d"]));
    assert_ne!(written.violations(&[("r", one), ("s", two)]), Vec::<String>::new());
}
