//! What every endpoint answers to whom, written by hand.
//!
//! A new endpoint needs one line here. Its path is written without `/_matrix/client/v3` (every version and unstable prefix of a
//! path is one line); the names in braces say what the test puts there: `{room}`, `{event}`, `{me}`, `{other}` (a user), `{txn}`,
//! `{alias}`; anything else stands for itself where it is a fixed word, and is `x` in braces of another name.

use super::people::{People, Who};

/// The rule an endpoint follows.
#[derive(Clone, Copy)]
pub(in crate::api) enum Rule {
    /// Needs no token, and says nothing of a room but what it shows to everybody.
    Open,
    /// Needs a token, and is about the one who asks or about the server: whatever it answers, no secret of a room is in it but
    /// those its asker may see.
    Own,
    /// As `Own`, and everything of the asker's rooms that they may see is in it. Of rooms they are not in, nothing.
    OwnRooms,
    /// Reads the room: those who are or were in it, and everybody where the world may look in. Shows of its history exactly what
    /// the reader may see.
    History,
    /// As `History`, but shows the state as far as the reader may know it.
    State,
    /// As `History`, without a promise of what is shown.
    Read,
    /// Reads around one event: 404 where it may not be seen by somebody who may look into the room.
    Around,
    /// Reads one event: 404 where it may not be seen or does not exist, whatever room is named.
    Event,
    /// For those in the room now.
    Inside,
    /// For those in the room now, and for everybody where the world may look in.
    InsideOrWorld,
    /// Answers that follow from where somebody stands, in the order of [`Who::ALL`]. Only statuses: the errcode follows.
    Door([u16; 10]),
}

/// One endpoint.
pub(in crate::api) struct Row {
    pub(in crate::api) method: &'static str,
    pub(in crate::api) path: &'static str,
    pub(in crate::api) rule: Rule,
    /// Query and JSON body of a request that is right in itself.
    pub(in crate::api) query: &'static str,
    pub(in crate::api) body: &'static str,
}

impl Row {
    const fn with(self, body: &'static str) -> Self {
        Self { body, ..self }
    }

    const fn asking(self, query: &'static str) -> Self {
        Self { query, ..self }
    }
}

const fn row(method: &'static str, path: &'static str, rule: Rule) -> Row {
    Row { method, path, rule, query: "", body: "{}" }
}

use Rule::{Around, Door, Event, History, Inside, InsideOrWorld, Open, Own, OwnRooms, Read, State};

/// Nobody below power 50 may: who is inside is refused in other words than who is not, but both are refused.
const NOT_EVEN_INSIDE: Rule = Door([401, 403, 403, 403, 403, 403, 403, 403, 403, 403]);

/// Every endpoint.
pub(super) const TABLE: &[Row] = &[
    // The server, and signing in.
    row("GET", "/versions", Open),
    row("GET", "/_matrix/federation/v1/version", Open),
    row("GET", "/_matrix/key/v2/server", Open),
    row("GET", "/login", Open),
    row("POST", "/login", Open),
    row("POST", "/register", Open),
    row("GET", "/register/available", Open).asking("username=somebody"),
    row("GET", "/register/m.login.registration_token/validity", Open).asking("token=x"),
    row("GET", "/register/org.matrix.msc3231.login.registration_token/validity", Open).asking("token=x"),
    row("POST", "/refresh", Open).with(r#"{"refresh_token":"x"}"#),
    row("POST", "/account/password", Own).with(r#"{"new_password":"another"}"#),
    row("POST", "/account/deactivate", Own),
    row("POST", "/logout", Own),
    row("POST", "/logout/all", Own),
    row("POST", "/login/get_token", Own),
    row("POST", "/user/{me}/openid/request_token", Own),
    row("GET", "/_matrix/federation/v1/openid/userinfo", Open).asking("access_token=x"),
    row("GET", "/admin/whois/{other}", Own),
    row("GET", "/admin/suspend/{other}", Own),
    row("PUT", "/admin/suspend/{other}", Own).with(r#"{"suspended":true}"#),
    row("GET", "/admin/lock/{other}", Own),
    row("PUT", "/admin/lock/{other}", Own).with(r#"{"locked":true}"#),
    row("GET", "/account/whoami", Own),
    row("GET", "/capabilities", Own),
    row("GET", "/voip/turnServer", Own),
    row("GET", "/thirdparty/protocols", Own),
    // Addresses of mail and telephones: there are none.
    row("GET", "/account/3pid", Own),
    row("POST", "/account/3pid", Own),
    row("POST", "/account/3pid/add", Own),
    row("POST", "/account/3pid/bind", Own),
    row("POST", "/account/3pid/delete", Own),
    row("POST", "/account/3pid/unbind", Own),
    row("POST", "/account/3pid/email/requestToken", Open),
    row("POST", "/account/3pid/msisdn/requestToken", Open),
    row("POST", "/account/password/email/requestToken", Open),
    row("POST", "/account/password/msisdn/requestToken", Open),
    row("POST", "/register/email/requestToken", Open),
    row("POST", "/register/msisdn/requestToken", Open),
    // What belongs to an account.
    row("GET", "/devices", Own),
    row("GET", "/devices/{device}", Own),
    row("PUT", "/devices/{device}", Own),
    row("DELETE", "/devices/{device}", Own),
    row("POST", "/delete_devices", Own).with(r#"{"devices":[]}"#),
    row("GET", "/profile/{other}", Open),
    row("GET", "/profile/{other}/displayname", Open),
    row("GET", "/profile/{other}/{key}", Open),
    row("PUT", "/profile/{me}/{key}", Own),
    row("DELETE", "/profile/{me}/{key}", Own),
    row("POST", "/user/{me}/filter", Own),
    row("GET", "/user/{me}/filter/{filter}", Own),
    row("GET", "/user/{me}/account_data/{type}", Own),
    row("PUT", "/user/{me}/account_data/{type}", Own),
    row("DELETE", "/user/{me}/account_data/{type}", Own),
    row("GET", "/user/{me}/rooms/{room}/account_data/{type}", Own),
    row("DELETE", "/user/{me}/rooms/{room}/account_data/{type}", Own),
    row("PUT", "/user/{me}/rooms/{room}/account_data/{type}", Own),
    row("GET", "/user/{me}/rooms/{room}/tags", Own),
    row("PUT", "/user/{me}/rooms/{room}/tags/{tag}", Own),
    row("DELETE", "/user/{me}/rooms/{room}/tags/{tag}", Own),
    row("GET", "/pushrules", Own),
    row("GET", "/pushrules/global", Own),
    row("GET", "/pushrules/global/{kind}/{rule}", Own),
    row("PUT", "/pushrules/global/{kind}/{rule}", Own),
    row("DELETE", "/pushrules/global/{kind}/{rule}", Own),
    row("GET", "/pushrules/global/{kind}/{rule}/enabled", Own),
    row("PUT", "/pushrules/global/{kind}/{rule}/enabled", Own),
    row("GET", "/pushrules/global/{kind}/{rule}/actions", Own),
    row("PUT", "/pushrules/global/{kind}/{rule}/actions", Own),
    row("GET", "/notifications", Own),
    row("GET", "/pushers", Own),
    row("POST", "/pushers/set", Own).with(r#"{"app_id":"a","pushkey":"k","kind":null}"#),
    row("POST", "/user_directory/search", Own).with(r#"{"search_term":"a"}"#),
    row("GET", "/mutual_rooms", Own).asking("user_id={other}"),
    row("GET", "/user/mutual_rooms", Own).asking("user_id={other}"),
    row("GET", "/user/mutual_rooms/{other}", Own),
    row("GET", "/presence/{other}/status", Own),
    row("PUT", "/presence/{me}/status", Own),
    // Keys of devices are public: whoever is signed in may ask for anybody's.
    row("POST", "/keys/upload", Own),
    row("POST", "/keys/query", Own).with(r#"{"device_keys":{"{other}":[]}}"#),
    row("POST", "/keys/claim", Own).with(r#"{"one_time_keys":{"{other}":{"X":"signed_curve25519"}}}"#),
    row("POST", "/keys/device_signing/upload", Own),
    row("POST", "/keys/signatures/upload", Own),
    row("GET", "/keys/changes", Own).asking("from=x"),
    row("POST", "/room_keys/version", Own).with(r#"{"algorithm":"x","auth_data":{}}"#),
    row("GET", "/room_keys/version", Own),
    row("GET", "/room_keys/version/{version}", Own),
    row("PUT", "/room_keys/version/{version}", Own),
    row("DELETE", "/room_keys/version/{version}", Own),
    row("GET", "/room_keys/keys", Own).asking("version=1"),
    row("GET", "/room_keys/keys/{in}", Own).asking("version=1"),
    row("GET", "/room_keys/keys/{in}/{session}", Own).asking("version=1"),
    row("PUT", "/room_keys/keys", Own).asking("version=1"),
    row("PUT", "/room_keys/keys/{in}", Own).asking("version=1"),
    row("PUT", "/room_keys/keys/{in}/{session}", Own).asking("version=1"),
    row("DELETE", "/room_keys/keys", Own).asking("version=1"),
    row("DELETE", "/room_keys/keys/{in}", Own).asking("version=1"),
    row("DELETE", "/room_keys/keys/{in}/{session}", Own).asking("version=1"),
    row("PUT", "/dehydrated_device", Own),
    row("GET", "/dehydrated_device", Own),
    row("DELETE", "/dehydrated_device", Own),
    row("POST", "/dehydrated_device/{device}/events", Own),
    row("PUT", "/sendToDevice/{type}/{txn}", Own).with(r#"{"messages":{}}"#),
    // Files. Whoever has the id has the file.
    row("POST", "/_matrix/media/upload", Own),
    row("POST", "/_matrix/media/create", Own),
    row("PUT", "/_matrix/media/upload/{server}/{media}", Own),
    row("GET", "/media/config", Own),
    row("GET", "/media/preview_url", Own),
    row("GET", "/_matrix/media/preview_url", Own),
    row("GET", "/media/download/{server}/{media}", Own),
    row("GET", "/media/download/{server}/{media}/{file}", Own),
    row("GET", "/media/thumbnail/{server}/{media}", Own).asking("width=96&height=96"),
    row("GET", "/_matrix/media/config", Own),
    row("GET", "/_matrix/media/download/{server}/{media}", Open),
    row("GET", "/_matrix/media/download/{server}/{media}/{file}", Open),
    row("GET", "/_matrix/media/thumbnail/{server}/{media}", Open).asking("width=96&height=96"),
    // Reading rooms.
    row("GET", "/sync", OwnRooms).asking(
        "timeout=0&filter=%7B%22room%22:%7B%22include_leave%22:true,%22timeline%22:%7B%22limit%22:100%7D%7D%7D",
    ),
    row("GET", "/initialSync", Own).asking("limit=100&archived=true"),
    row("GET", "/events", Own).asking("timeout=0"),
    row("GET", "/rooms/{room}/initialSync", History).asking("limit=100"),
    row("GET", "/joined_rooms", Own),
    row("GET", "/rooms/{room}/state", State),
    row("GET", "/rooms/{room}/state/m.room.create/{}", Read),
    row("GET", "/rooms/{room}/members", Read),
    row("GET", "/rooms/{room}/joined_members", Inside),
    row("GET", "/rooms/{room}/messages", History).asking("dir=b&limit=100"),
    row("GET", "/rooms/{room}/context/{event}", Around).asking("limit=100"),
    row("GET", "/rooms/{room}/event/{event}", Event),
    row("GET", "/rooms/{room}/aliases", InsideOrWorld),
    row("GET", "/rooms/{room}/relations/{event}", Around),
    row("GET", "/rooms/{room}/relations/{event}/{rel_type}", Around),
    row("GET", "/rooms/{room}/relations/{event}/{rel_type}/{type}", Around),
    row("GET", "/rooms/{room}/threads", Read),
    row("GET", "/rooms/{room}/timestamp_to_event", Read).asking("ts=0&dir=f"),
    row("POST", "/search", OwnRooms).with(
        r#"{"search_categories":{"room_events":{"search_term":"message","filter":{"rooms":["{room}"],"limit":100}}}}"#,
    ),
    // What a room shows of itself to those who look for one: its card, never its history.
    row("GET", "/publicRooms", Open),
    row("POST", "/publicRooms", Own),
    row("GET", "/directory/list/room/{room}", Open),
    row("PUT", "/directory/list/room/{room}", NOT_EVEN_INSIDE).with(r#"{"visibility":"public"}"#),
    row("GET", "/rooms/{room}/hierarchy", Own),
    row("GET", "/room_summary/{room}", Open),
    row("GET", "/summary/{room}", Open),
    row("GET", "/rooms/{room}/summary", Open),
    // Reports. What is reported need not be known to exist.
    row("POST", "/rooms/{room}/report", Own),
    row("POST", "/rooms/{room}/report/{event}", Own),
    row("POST", "/users/{other}/report", Own),
    // Writing into rooms.
    row("PUT", "/rooms/{room}/send/{type}/{txn}", Inside),
    row("PUT", "/rooms/{room}/state/{type}/{}", NOT_EVEN_INSIDE),
    row("PUT", "/rooms/{room}/redact/{event}/{txn}", NOT_EVEN_INSIDE),
    row("PUT", "/rooms/{room}/typing/{me}", Inside).with(r#"{"typing":true}"#),
    row("POST", "/rooms/{room}/receipt/m.read/{event}", Inside),
    row("POST", "/rooms/{room}/read_markers", Inside),
    // Coming and going. The room's rule is that one may knock. In order: nobody, stranger, invited, knocked, joined, left, banned, kicked, ignoring, forgotten.
    row("POST", "/createRoom", Own),
    row("POST", "/rooms/{room}/upgrade", NOT_EVEN_INSIDE).with(r#"{"new_version":"11"}"#),
    row("POST", "/rooms/{room}/join", Door([401, 403, 200, 403, 200, 403, 403, 403, 200, 403])),
    row("POST", "/join/{room}", Door([401, 403, 200, 403, 200, 403, 403, 403, 200, 403])),
    row("POST", "/knock/{room}", Door([401, 200, 403, 200, 403, 200, 403, 200, 403, 200])),
    row("POST", "/rooms/{room}/leave", Door([401, 403, 200, 200, 200, 200, 403, 200, 200, 200])),
    row("POST", "/rooms/{room}/forget", Door([401, 403, 400, 400, 400, 200, 200, 200, 400, 200])),
    row("POST", "/rooms/{room}/invite", Inside).with(r#"{"user_id":"{other}"}"#),
    row("POST", "/rooms/{room}/kick", NOT_EVEN_INSIDE).with(r#"{"user_id":"{other}"}"#),
    row("POST", "/rooms/{room}/ban", NOT_EVEN_INSIDE).with(r#"{"user_id":"{other}"}"#),
    row("POST", "/rooms/{room}/unban", NOT_EVEN_INSIDE).with(r#"{"user_id":"{other}"}"#),
    // Names of rooms are public: an alias leads to its room for whoever knows it.
    row("GET", "/directory/room/{alias}", Open),
    row("PUT", "/directory/room/{alias}", Own),
    row("DELETE", "/directory/room/{alias}", Own),
];

/// What a person may look for in a room of some history visibility, by section "Visibility of one event": which of the four
/// messages (before anybody came, while they were asked in, while they were in, after those who went had gone).
#[expect(clippy::match_same_arms, reason = "a table: the rows stand in the order of the visibilities")]
pub(super) fn history(who: Who, visibility: &str) -> [bool; 4] {
    match (visibility, who) {
        (_, Who::Nobody) => [false; 4],
        ("world_readable", _) => [true; 4],
        (_, Who::Stranger | Who::Invited | Who::Knocked | Who::Forgotten) => [false; 4],
        ("shared", Who::Joined | Who::Ignoring) => [true; 4],
        ("shared", _) => [true, true, true, false],
        ("invited", Who::Joined | Who::Ignoring) => [false, true, true, true],
        ("invited", _) => [false, true, true, false],
        ("joined", Who::Joined | Who::Ignoring) => [false, false, true, true],
        ("joined", _) => [false, false, true, false],
        _ => unreachable!("there are four visibilities"),
    }
}

/// Which of the four pieces of state, set at the same times, a person may know as the room's state. Members know all of what
/// is in force; those who went what was when they did.
pub(super) fn state(who: Who, visibility: &str) -> [bool; 4] {
    match (visibility, who) {
        (_, Who::Nobody) => [false; 4],
        ("world_readable", _) | (_, Who::Joined | Who::Ignoring) => [true; 4],
        (_, Who::Stranger | Who::Invited | Who::Knocked | Who::Forgotten) => [false; 4],
        _ => [true, true, true, false],
    }
}

/// Status and errcode of a room's endpoint for a person. `sees` says whether the event that is named may be seen.
pub(super) fn expected(rule: Rule, who: Who, visibility: &str, sees: bool) -> (u16, &'static str) {
    if who == Who::Nobody {
        return (401, "M_MISSING_TOKEN");
    }
    let may_look = state(who, visibility).contains(&true);
    let status = match rule {
        Door(statuses) => People::pick(who, &statuses),
        Inside | InsideOrWorld if who.is_inside() => 200,
        InsideOrWorld if visibility == "world_readable" => 200,
        History | State | Read if may_look => 200,
        Around if may_look && sees => 200,
        Around if may_look => 404,
        Event if sees => 200,
        Event => 404,
        _ => 403,
    };
    let errcode = match status {
        200 => "",
        400 => "M_UNKNOWN",
        404 => "M_NOT_FOUND",
        _ => "M_FORBIDDEN",
    };
    (status, errcode)
}
