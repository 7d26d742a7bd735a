//! Whatever the order of what happens, nobody is told twice, in vain, or of what is read.

use std::collections::{BTreeMap, HashMap, HashSet};

use hark_client::model::{Content, MessageState};
use proptest::prelude::*;

use super::*;

fn message(key: i64, conversation: &str, body: &str) -> Message {
    Message {
        key,
        order: String::new(),
        conversation: ConversationId(conversation.to_owned()),
        room_id: "!room:x".to_owned(),
        event_id: Some(format!("${key}")),
        txn_id: None,
        sender: "@amina:x".to_owned(),
        sender_name: "Amina".to_owned(),
        mine: false,
        timestamp: 0,
        content: Content::Text { body: body.to_owned() },
        state: MessageState::Sent,
        edited: false,
    }
}

fn line(conversation: &str, unread: u32) -> Conversation {
    let person = conversation.starts_with('@');
    Conversation {
        id: ConversationId(conversation.to_owned()),
        room_id: Some("!room:x".to_owned()),
        kind: if person { ConversationKind::Person } else { ConversationKind::Group },
        name: if person { "Amina" } else { "Climbing" }.to_owned(),
        avatar: None,
        membership: Membership::Joined,
        last: None,
        draft: None,
        unread,
        highlights: 0,
        typing: Vec::new(),
        waiting: 0,
        activity_ts: 0,
        encrypted: false,
        muted: false,
    }
}

fn looking_at(conversation: Option<&str>) -> Attention {
    Attention { focused: true, conversation: conversation.map(|id| ConversationId(id.to_owned())) }
}

#[expect(clippy::disallowed_methods, reason = "where the test's time begins")]
fn now() -> Instant {
    Instant::now()
}

/// A desk, and what it does.
struct Room {
    desk: Desk,
    now: Instant,
    keys: i64,
}

impl Room {
    fn new() -> Self {
        Self { desk: Desk::new(&Settings::default(), &Attention::default()), now: now(), keys: 0 }
    }

    fn news(&mut self, news: News) -> Vec<Out> {
        self.desk.handle(news, self.now)
    }

    /// Messages that come in one response, of which then so many are unread.
    fn come(&mut self, conversation: &str, bodies: &[&str], unread: u32) -> Vec<Out> {
        let mut out = Vec::new();
        for body in bodies {
            self.keys += 1;
            let message = Box::new(message(self.keys, conversation, body));
            out.extend(self.news(News::Changed(message.clone())));
            out.extend(self.news(News::Alert(message)));
        }
        out.extend(self.news(News::Line(Box::new(line(conversation, unread)))));
        out
    }
}

fn shown(out: &[Out]) -> Vec<(&str, &str, bool)> {
    let shown = out.iter().map(|out| match out {
        Out::Show(note) => (note.title.as_str(), note.body.as_str(), note.quiet),
        other => panic!("{other:?} shows nothing"),
    });
    shown.collect()
}

fn withdrawn(conversation: &str) -> Vec<Out> {
    vec![Out::Withdraw(ConversationId(conversation.to_owned()))]
}

#[test]
fn a_message_is_told_with_its_sender_and_a_burst_as_one() {
    let mut room = Room::new();
    assert_eq!(shown(&room.come("@amina:x", &["hello"], 1)), [("Amina", "hello", false)]);
    let burst: Vec<String> = (0..50).map(|n| format!("no. {n}")).collect();
    let burst: Vec<&str> = burst.iter().map(String::as_str).collect();
    let out = room.come("!climbing:x", &burst, 50);
    assert_eq!(shown(&out), [("Climbing", "50 new messages\nAmina: no. 49", false)]);
}

#[test]
fn messages_that_follow_fast_replace_the_notification_once_a_second() {
    let mut room = Room::new();
    room.come("@amina:x", &["one"], 1);
    assert_eq!(room.come("@amina:x", &["two"], 2), []);
    assert_eq!(room.come("@amina:x", &["three"], 3), []);
    assert_eq!(room.desk.due(), Some(room.now + PACE));
    room.now += PACE;
    assert_eq!(shown(&room.news(News::Time)), [("Amina", "3 new messages\nthree", false)]);
    assert_eq!(room.desk.due(), None);
}

#[test]
fn what_was_read_elsewhere_is_withdrawn_or_counted_down() {
    let mut room = Room::new();
    room.come("@amina:x", &["one", "two"], 2);
    let fewer = room.news(News::Line(Box::new(line("@amina:x", 1))));
    assert_eq!(shown(&fewer), [("Amina", "two", true)]);
    assert_eq!(room.news(News::Line(Box::new(line("@amina:x", 0)))), withdrawn("@amina:x"));
    assert_eq!(room.news(News::Line(Box::new(line("@amina:x", 0)))), []);
}

#[test]
fn a_message_that_is_removed_takes_its_notification_along() {
    let mut room = Room::new();
    room.come("@amina:x", &["one", "two"], 2);
    for (key, left) in [(2, Some("one")), (1, None)] {
        let removed = Message { content: Content::Redacted, ..message(key, "@amina:x", "") };
        assert_eq!(room.news(News::Changed(Box::new(removed))), []);
        let out = room.news(News::Line(Box::new(line("@amina:x", 2))));
        match left {
            Some(body) => assert_eq!(shown(&out), [("Amina", body, true)]),
            None => assert_eq!(out, withdrawn("@amina:x")),
        }
    }
}

#[test]
fn an_edit_and_a_repeat_tell_nothing() {
    let mut room = Room::new();
    room.come("@amina:x", &["one"], 1);
    room.now += PACE;
    let edited = Message { edited: true, ..message(1, "@amina:x", "won") };
    assert_eq!(room.news(News::Changed(Box::new(edited.clone()))), []);
    assert_eq!(room.news(News::Alert(Box::new(edited))), []);
    assert_eq!(room.news(News::Line(Box::new(line("@amina:x", 1)))), []);
    assert_eq!(shown(&room.come("@amina:x", &["two"], 2)), [("Amina", "2 new messages\ntwo", false)]);
}

#[test]
fn while_the_window_has_the_focus_nothing_is_told_nor_made_up_for() {
    let mut room = Room::new();
    room.come("@amina:x", &["one"], 1);
    room.come("!climbing:x", &["two"], 1);
    let out = room.news(News::Attention(looking_at(Some("@amina:x"))));
    assert_eq!(out, withdrawn("@amina:x"), "the person sees it");
    assert_eq!(room.come("@amina:x", &["three"], 2), []);
    room.now += PACE;
    assert_eq!(room.come("!climbing:x", &["four"], 2), []);
    assert_eq!(room.news(News::Attention(Attention::default())), []);
    assert_eq!(room.news(News::Time), []);
    assert_eq!(shown(&room.come("@amina:x", &["five"], 3)), [("Amina", "five", false)]);
}

#[test]
fn who_is_not_to_be_disturbed_is_not_and_who_wants_none_has_none() {
    let mut room = Room::new();
    room.come("@amina:x", &["one"], 1);
    let dnd = Settings { do_not_disturb: true, ..Settings::default() };
    assert_eq!(room.news(News::Settings(dnd)), []);
    assert_eq!(room.come("@amina:x", &["two"], 2), []);
    assert_eq!(room.news(News::Settings(Settings::default())), []);
    let none = Settings { notify: false, ..Settings::default() };
    assert_eq!(room.news(News::Settings(none)), withdrawn("@amina:x"));
    assert_eq!(room.come("@amina:x", &["three"], 3), []);
}

#[test]
fn without_preview_nothing_of_the_words_is_shown() {
    let mut room = Room::new();
    room.come("!climbing:x", &["secret"], 1);
    let plain = Settings { preview: false, ..Settings::default() };
    assert_eq!(shown(&room.news(News::Settings(plain))), [("Climbing", "New message", true)]);
    room.now += PACE;
    assert_eq!(shown(&room.come("!climbing:x", &["secret"], 2)), [("Climbing", "2 new messages", false)]);
}

#[test]
fn a_click_opens_the_first_message_it_tells_of_and_a_dismissed_one_is_done_with() {
    let mut room = Room::new();
    room.come("@amina:x", &["one", "two"], 2);
    let amina = ConversationId("@amina:x".to_owned());
    let out = room.news(News::Clicked(amina.clone()));
    assert_eq!(out, [Out::Withdraw(amina.clone()), Out::Open { conversation: amina.clone(), key: Some(1) }]);
    room.come("@amina:x", &["three"], 3);
    assert_eq!(room.news(News::Dismissed(amina)), []);
    assert_eq!(shown(&room.come("@amina:x", &["four"], 4)), [("Amina", "four", false)]);
    assert_eq!(room.news(News::SignedOut), withdrawn("@amina:x"));
}

#[test]
fn what_was_missed_is_made_up_for_from_the_inbox() {
    let mut room = Room::new();
    let with = |key, muted| Conversation {
        last: Some(message(key, "@amina:x", "late")),
        muted,
        ..line("@amina:x", 7)
    };
    room.desk.knows(&with(4, false));
    assert_eq!(room.news(News::Inbox(vec![with(4, false)])), [], "it was there before");
    assert_eq!(room.news(News::Inbox(vec![with(5, true)])), [], "it is muted");
    assert_eq!(shown(&room.news(News::Inbox(vec![with(6, false)]))), [("Amina", "late", false)]);
    assert_eq!(room.news(News::Inbox(Vec::new())), withdrawn("@amina:x"));
}

/// Something that happens to one of two conversations.
#[derive(Clone, Debug)]
enum Step {
    Come { to: usize, count: usize },
    Read { to: usize, left: u32 },
    Remove { to: usize, key: i64 },
    Look(Option<usize>),
    Away,
    Set { notify: bool, preview: bool, dnd: bool },
    Click(usize),
    Dismiss(usize),
    Pass(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0_usize..2, 1_usize..4).prop_map(|(to, count)| Step::Come { to, count }),
        2 => (0_usize..2, 0_u32..4).prop_map(|(to, left)| Step::Read { to, left }),
        2 => (0_usize..2, 1_i64..20).prop_map(|(to, key)| Step::Remove { to, key }),
        1 => proptest::option::of(0_usize..2).prop_map(Step::Look),
        2 => Just(Step::Away),
        1 => (any::<bool>(), any::<bool>(), any::<bool>())
            .prop_map(|(notify, preview, dnd)| Step::Set { notify, preview, dnd }),
        1 => (0_usize..2).prop_map(Step::Click),
        1 => (0_usize..2).prop_map(Step::Dismiss),
        3 => (0_u64..1_500).prop_map(Step::Pass),
    ];
    proptest::collection::vec(step, 1..60)
}

const NAMES: [&str; 2] = ["@amina:x", "!climbing:x"];

proptest! {
    #[test]
    fn nobody_is_told_twice_in_vain_or_of_what_is_read(steps in steps()) {
        let mut room = Room::new();
        let mut settings = Settings::default();
        let mut attention = Attention::default();
        let mut unread: BTreeMap<usize, u32> = BTreeMap::new();
        let mut alerts: HashMap<ConversationId, usize> = HashMap::new();
        let mut on_screen: HashSet<ConversationId> = HashSet::new();
        let mut loud_at: HashMap<ConversationId, Instant> = HashMap::new();
        let ids: Vec<ConversationId> = NAMES.iter().map(|id| ConversationId((*id).to_owned())).collect();
        for step in steps.into_iter().chain([Step::Pass(0)]) {
            let out = match step {
                Step::Come { to, count } => {
                    *unread.entry(to).or_default() += count as u32;
                    *alerts.entry(ids[to].clone()).or_default() += count;
                    room.come(NAMES[to], &vec!["secret"; count], unread[&to])
                }
                Step::Read { to, left } => {
                    let left = unread.get(&to).copied().unwrap_or(0).min(left);
                    unread.insert(to, left);
                    let out = room.news(News::Line(Box::new(line(NAMES[to], left))));
                    if left == 0 {
                        alerts.remove(&ids[to]);
                    }
                    out
                }
                Step::Remove { to, key } => {
                    let removed = Message { content: Content::Redacted, ..message(key, NAMES[to], "") };
                    let mut out = room.news(News::Changed(Box::new(removed)));
                    let left = unread.get(&to).copied().unwrap_or(0);
                    out.extend(room.news(News::Line(Box::new(line(NAMES[to], left)))));
                    out
                }
                Step::Look(at) => {
                    attention = looking_at(at.map(|at| NAMES[at]));
                    room.news(News::Attention(attention.clone()))
                }
                Step::Away => {
                    attention = Attention::default();
                    room.news(News::Attention(attention.clone()))
                }
                Step::Set { notify, preview, dnd } => {
                    settings = Settings { notify, preview, do_not_disturb: dnd, ..Settings::default() };
                    room.news(News::Settings(settings.clone()))
                }
                Step::Click(to) if on_screen.contains(&ids[to]) => room.news(News::Clicked(ids[to].clone())),
                Step::Dismiss(to) if on_screen.remove(&ids[to]) => room.news(News::Dismissed(ids[to].clone())),
                Step::Click(_) | Step::Dismiss(_) => Vec::new(),
                Step::Pass(millis) => {
                    room.now += Duration::from_millis(millis);
                    room.news(News::Time)
                }
            };
            for out in out {
                match out {
                    Out::Show(note) => {
                        prop_assert!(settings.notify);
                        prop_assert!(settings.preview || !note.body.contains("secret"), "{}", note.body);
                        prop_assert!(note.quiet || !(settings.do_not_disturb || attention.focused));
                        prop_assert!(!note.quiet || on_screen.contains(&note.conversation), "a correction of nothing");
                        let left = alerts.get_mut(&note.conversation);
                        prop_assert!(left.is_some(), "what is read is not told");
                        if !note.quiet {
                            let left = left.unwrap();
                            prop_assert!(*left > 0, "told without a message");
                            *left = 0;
                            if on_screen.contains(&note.conversation) {
                                prop_assert!(room.now >= loud_at[&note.conversation] + PACE);
                            }
                            loud_at.insert(note.conversation.clone(), room.now);
                        }
                        on_screen.insert(note.conversation);
                    }
                    Out::Withdraw(id) => prop_assert!(on_screen.remove(&id), "nothing to withdraw"),
                    Out::Open { .. } => {}
                }
            }
            for (at, id) in ids.iter().enumerate() {
                prop_assert!(!on_screen.contains(id) || unread.get(&at).is_some_and(|&left| left > 0));
            }
            if !settings.notify {
                prop_assert!(on_screen.is_empty());
            }
        }
        for out in room.news(News::End) {
            let Out::Withdraw(id) = out else { panic!("{out:?} at the end") };
            on_screen.remove(&id);
        }
        prop_assert!(on_screen.is_empty());
    }
}
