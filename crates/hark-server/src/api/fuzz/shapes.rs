//! Requests that are right, to be made wrong. Names in braces are those of [`Known`](super::known::Known).

/// The path of an endpoint as [`table`](crate::api::access) writes it, what names in it stand for, and a body that goes with them.
pub(super) type Shape = (&'static str, &'static [(&'static str, &'static str)], &'static str);

/// For endpoints whose body in the table says too little to reach what is behind them.
#[rustfmt::skip]
pub(super) const BODIES: &[Shape] = &[
    ("/login", &[], r#"{"type":"m.login.password","identifier":{"type":"m.id.user","user":"{user}"},"password":"x","device_id":"{device}","initial_device_display_name":"x","refresh_token":true}"#),
    ("/login", &[], r#"{"type":"m.login.token","token":"x"}"#),
    ("/register", &[], r#"{"username":"someone","password":"x","auth":{"type":"m.login.dummy","session":"{session}"},"device_id":"{device}","inhibit_login":true}"#),
    ("/account/password", &[], r#"{"new_password":"password","logout_devices":true,"auth":{"type":"m.login.password","identifier":{"type":"m.id.user","user":"{me}"},"password":"password","session":"{session}"}}"#),
    ("/account/deactivate", &[], r#"{"erase":true,"auth":{"type":"m.login.password","identifier":{"type":"m.id.user","user":"{me}"},"password":"password","session":"{session}"}}"#),
    ("/delete_devices", &[], r#"{"devices":["{device}"],"auth":{"type":"m.login.password","identifier":{"type":"m.id.user","user":"{me}"},"password":"password","session":"{session}"}}"#),
    ("/devices/{device}", &[], r#"{"auth":{"type":"m.login.password","identifier":{"type":"m.id.user","user":"{me}"},"password":"password","session":"{session}"}}"#),
    ("/devices/{device}", &[], r#"{"display_name":"Phone"}"#),
    ("/profile/{me}/{key}", &[("key", "displayname")], r#"{"displayname":"Alice"}"#),
    ("/profile/{me}/{key}", &[("key", "avatar_url")], r#"{"avatar_url":"mxc://test.home.arpa/{media}"}"#),
    ("/profile/{me}/{key}", &[("key", "org.example.field")], r#"{"{key}":["x"]}"#),
    ("/profile/{me}/{key}", &[("key", "m.tz")], r#"{"m.tz":"Europe/Berlin"}"#),
    ("/user/{me}/filter", &[], FILTER),
    ("/user/{me}/account_data/{type}", &[("type", "m.ignored_user_list")], r#"{"ignored_users":{"{user}":{}}}"#),
    ("/user/{me}/account_data/{type}", &[("type", "m.direct")], r#"{"{user}":["{room}"]}"#),
    ("/user/{me}/account_data/{type}", &[("type", "{data}")], r#"{"a":0.5,"b":["{event}"]}"#),
    ("/user/{me}/rooms/{room}/account_data/{type}", &[("type", "{data}")], r#"{"event_id":"{event}"}"#),
    ("/user/{me}/rooms/{room}/tags/{tag}", &[], r#"{"order":0.25}"#),
    ("/pushrules/global/{kind}/{rule}", &[("kind", "override"), ("rule", "other")], r#"{"actions":["notify",{"set_tweak":"sound","value":"default"}],"conditions":[{"kind":"event_match","key":"content.body","pattern":"a*b?c*"},{"kind":"room_member_count","is":"<=2"},{"kind":"sender_notification_permission","key":"room"},{"kind":"event_property_contains","key":"content.m\\.mentions.user_ids","value":"{me}"}],"pattern":"*al?ce*"}"#),
    ("/pushrules/global/{kind}/{rule}", &[("kind", "content"), ("rule", "mine")], r#"{"actions":["notify"],"pattern":"h*l?o"}"#),
    ("/pushrules/global/{kind}/{rule}", &[("kind", "room"), ("rule", "{room}")], r#"{"actions":[]}"#),
    ("/pushrules/global/{kind}/{rule}", &[("kind", "sender"), ("rule", "{user}")], r#"{"actions":["dont_notify"]}"#),
    ("/pushrules/global/{kind}/{rule}/enabled", &[], r#"{"enabled":false}"#),
    ("/pushrules/global/{kind}/{rule}/actions", &[], r#"{"actions":["notify"]}"#),
    ("/pushers/set", &[], r#"{"app_id":"org.example","pushkey":"{txn}","kind":"http","app_display_name":"A","device_display_name":"D","lang":"en","append":true,"data":{"url":"https://gateway.example.org/_matrix/push/v1/notify","format":"event_id_only"}}"#),
    ("/user_directory/search", &[], r#"{"search_term":"ali","limit":3}"#),
    ("/presence/{me}/status", &[], r#"{"presence":"{presence}","status_msg":"away"}"#),
    ("/sendToDevice/{type}/{txn}", &[], r#"{"messages":{"{user}":{"{device}":{"a":1},"*":{}}}}"#),
    ("/search", &[], r#"{"search_categories":{"room_events":{"search_term":"hello wörld","keys":["content.body"],"filter":{"rooms":["{room}"],"limit":5,"types":["m.room.*"]},"order_by":"recent","event_context":{"before_limit":2,"after_limit":2,"include_profile":true},"include_state":true,"groupings":{"group_by":[{"key":"room_id"},{"key":"sender"}]}}}}"#),
    ("/publicRooms", &[], r#"{"since":"{page}","limit":2}"#),
    ("/publicRooms", &[], r#"{"limit":2,"filter":{"generic_search_term":"den","room_types":[null,"m.space"]}}"#),
    ("/directory/list/room/{room}", &[], r#"{"visibility":"public"}"#),
    ("/directory/room/{alias}", &[], r#"{"room_id":"{room}"}"#),
    ("/rooms/{room}/report", &[], r#"{"reason":"spam"}"#),
    ("/rooms/{room}/report/{event}", &[], r#"{"reason":"spam","score":-100}"#),
    ("/users/{other}/report", &[], r#"{"reason":"spam"}"#),
    ("/rooms/{room}/send/{type}/{txn}", &[("type", "m.room.message")], r#"{"msgtype":"m.text","body":"hello wörld"}"#),
    ("/rooms/{room}/send/{type}/{txn}", &[("type", "m.room.message")], r#"{"msgtype":"m.text","body":"* x","m.new_content":{"msgtype":"m.text","body":"x"},"m.relates_to":{"rel_type":"m.replace","event_id":"{event}"}}"#),
    ("/rooms/{room}/send/{type}/{txn}", &[("type", "m.room.message")], r#"{"msgtype":"m.text","body":"x","m.mentions":{"user_ids":["{user}"],"room":true},"m.relates_to":{"rel_type":"m.thread","event_id":"{event}","is_falling_back":true,"m.in_reply_to":{"event_id":"{event}"}}}"#),
    ("/rooms/{room}/send/{type}/{txn}", &[("type", "m.reaction")], r#"{"m.relates_to":{"rel_type":"{rel_type}","event_id":"{event}","key":"👍"}}"#),
    ("/rooms/{room}/send/{type}/{txn}", &[("type", "m.room.redaction")], r#"{"redacts":"{event}","reason":"x"}"#),
    ("/rooms/{room}/send/{type}/{txn}", &[("type", "m.room.encrypted")], r#"{"algorithm":"m.megolm.v1.aes-sha2","ciphertext":"x","m.relates_to":{"rel_type":"{rel_type}","event_id":"{event}"}}"#),
    ("/rooms/{room}/send/{type}/{txn}", &[("type", "m.room.member")], r#"{"membership":"{membership}"}"#),
    ("/rooms/{room}/state/{type}/{}", &[("type", "m.room.name"), ("", "")], r#"{"name":"Den"}"#),
    ("/rooms/{room}/state/{type}/{}", &[("type", "m.room.member"), ("", "{user}")], r#"{"membership":"{membership}","displayname":"x","reason":"x"}"#),
    ("/rooms/{room}/state/{type}/{}", &[("type", "m.room.power_levels"), ("", "")], r#"{"users":{"{me}":100,"{user}":50},"users_default":0,"events":{"{type}":50},"events_default":0,"state_default":50,"ban":50,"kick":50,"invite":0,"redact":50,"notifications":{"room":50}}"#),
    ("/rooms/{room}/state/{type}/{}", &[("type", "m.room.join_rules"), ("", "")], r#"{"join_rule":"restricted","allow":[{"type":"m.room_membership","room_id":"{room}"}]}"#),
    ("/rooms/{room}/state/{type}/{}", &[("type", "m.room.join_rules"), ("", "")], r#"{"join_rule":"knock"}"#),
    ("/rooms/{room}/state/{type}/{}", &[("type", "m.room.history_visibility"), ("", "")], r#"{"history_visibility":"joined"}"#),
    ("/rooms/{room}/state/{type}/{}", &[("type", "m.room.canonical_alias"), ("", "")], r#"{"alias":"{alias}","alt_aliases":["{alias}"]}"#),
    ("/rooms/{room}/state/{type}/{}", &[("type", "m.space.child"), ("", "{room}")], r#"{"via":["{server}"],"order":"a","suggested":true}"#),
    ("/rooms/{room}/state/{type}/{}", &[("type", "m.room.tombstone"), ("", "")], r#"{"body":"moved","replacement_room":"{room}"}"#),
    ("/rooms/{room}/state/{type}/{}", &[("type", "m.room.create"), ("", "")], r#"{"room_version":"{version}"}"#),
    ("/rooms/{room}/state/{type}/{}", &[("type", "m.room.topic"), ("", "")], r#"{"topic":"t","m.topic":{"m.text":[{"body":"t"}]}}"#),
    ("/rooms/{room}/state/{type}/{}", &[("type", "m.room.encryption"), ("", "")], r#"{"algorithm":"m.megolm.v1.aes-sha2"}"#),
    ("/rooms/{room}/state/{type}/{}", &[("type", "m.room.server_acl"), ("", "")], r#"{"allow":["*"],"deny":["evil.example.org"],"allow_ip_literals":false}"#),
    ("/rooms/{room}/redact/{event}/{txn}", &[], r#"{"reason":"x"}"#),
    ("/rooms/{room}/typing/{me}", &[], r#"{"typing":true,"timeout":30000}"#),
    ("/rooms/{room}/receipt/m.read/{event}", &[], r#"{"thread_id":"{event}"}"#),
    ("/rooms/{room}/receipt/m.read/{event}", &[], r#"{"thread_id":"main"}"#),
    ("/rooms/{room}/read_markers", &[], r#"{"m.fully_read":"{event}","m.read":"{event}","m.read.private":"{event}"}"#),
    ("/createRoom", &[], r#"{"name":"Den","topic":"t","preset":"public_chat","visibility":"public","room_version":"{version}","invite":["{user}"]}"#),
    ("/createRoom", &[], r#"{"room_alias_name":"{txn}","preset":"trusted_private_chat","is_direct":true,"invite":["{user}"],"room_version":"{version}","power_level_content_override":{"events_default":10,"users":{"{user}":50}}}"#),
    ("/createRoom", &[], r#"{"preset":"public_chat","creation_content":{"type":"m.space","m.federate":false,"additional_creators":["{user}"],"predecessor":{"room_id":"{room}","event_id":"{event}"}},"initial_state":[{"type":"m.room.history_visibility","state_key":"","content":{"history_visibility":"world_readable"}},{"type":"m.room.join_rules","state_key":"","content":{"join_rule":"knock_restricted","allow":[{"type":"m.room_membership","room_id":"{room}"}]}},{"type":"m.space.child","state_key":"{room}","content":{"via":["{server}"]}}],"invite_3pid":[]}"#),
    ("/rooms/{room}/upgrade", &[], r#"{"new_version":"{version}","additional_creators":["{user}"]}"#),
    ("/rooms/{room}/join", &[], r#"{"reason":"x","org.example":1}"#),
    ("/rooms/{room}/invite", &[], r#"{"user_id":"{user}","reason":"x"}"#),
    ("/rooms/{room}/kick", &[], r#"{"user_id":"{user}","reason":"x"}"#),
    ("/rooms/{room}/ban", &[], r#"{"user_id":"{user}","reason":"x"}"#),
    ("/rooms/{room}/unban", &[], r#"{"user_id":"{user}"}"#),
];

/// A filter that uses everything.
pub(super) const FILTER: &str = r#"{"room":{"timeline":{"limit":3,"types":["m.room.*"],"not_types":["*x*y*"],"lazy_load_members":true,"contains_url":false,"unread_thread_notifications":true},"state":{"lazy_load_members":true,"senders":["{user}"],"not_senders":["{me}"]},"ephemeral":{"types":["*"]},"account_data":{"not_types":["m.*"]},"rooms":["{room}"],"not_rooms":["{room}"],"include_leave":true},"presence":{"types":["*"]},"account_data":{"limit":1},"event_fields":["content.body","type","unsigned.age"],"event_format":"federation"}"#;

/// The filter of one room's events.
pub(super) const ROOM_FILTER: &str = r#"{"limit":3,"types":["m.room.*"],"not_types":["*x*y*"],"senders":["{user}"],"rooms":["{room}"],"contains_url":false,"lazy_load_members":true,"related_by_rel_types":["{rel_type}"],"related_by_senders":["{user}"]}"#;

/// A name of a query, and values that are right for it.
type Parameter = (&'static str, &'static [&'static str]);

/// What may stand in the query of endpoints whose path holds a part. `{filter-json}` is [`FILTER`].
pub(super) const QUERIES: &[(&str, &[Parameter])] = &[
    (
        "/sync",
        &[
            ("since", &["{token}", "{token}", "{token}", ""]),
            ("filter", &["{filter-json}", "{filter-json}", "{filter}"]),
            ("timeout", &["0", "1", "18446744073709551615"]),
            ("full_state", &["true", "false"]),
            ("set_presence", &["{presence}"]),
            ("use_state_after", &["true"]),
            ("org.matrix.msc4222.use_state_after", &["true"]),
        ],
    ),
    ("/messages", PAGE),
    ("/messages", &[("filter", &["{filter-json}", "{room-filter}"])]),
    ("/relations", PAGE),
    ("/relations", &[("recurse", &["true"])]),
    ("/threads", PAGE),
    ("/threads", &[("include", &["all", "participated"])]),
    ("/context", PAGE),
    ("/context", &[("filter", &["{room-filter}"])]),
    (
        "/members",
        &[("at", &["{token}"]), ("membership", &["{membership}"]), ("not_membership", &["{membership}"])],
    ),
    (
        "/timestamp_to_event",
        &[("ts", &["0", "1700000000000", "9007199254740991", "18446744073709551615"]), ("dir", &["b", "f"])],
    ),
    (
        "/hierarchy",
        &[
            ("from", &["{page}"]),
            ("suggested_only", &["true"]),
            ("max_depth", &["0", "1", "18446744073709551615"]),
            ("limit", LIMITS),
        ],
    ),
    ("/state", &[("format", &["event", "content"])]),
    ("/search", &[("next_batch", &["{page}", "{page}", "{token}_3", "{token}_18446744073709551615"])]),
    ("/notifications", &[("from", &["{page}", "{token}"]), ("limit", LIMITS), ("only", &["highlight"])]),
    ("/publicRooms", &[("limit", LIMITS), ("since", &["{page}"]), ("server", &["{server}"])]),
    ("mutual_rooms", &[("user_id", &["{user}"]), ("from", &["{page}"]), ("batch_token", &["{page}"])]),
    ("ummary", &[("via", &["{server}"])]),
    ("/register", &[("username", &["someone"]), ("kind", &["user", "guest"]), ("token", &["x"])]),
    ("nitialSync", &[("limit", LIMITS), ("archived", &["true"])]),
    (
        "/events",
        &[("from", &["{token}"]), ("timeout", &["0", "18446744073709551615"]), ("room_id", &["{room}"])],
    ),
    (
        "/thumbnail",
        &[
            ("width", &["32", "0", "4294967295"]),
            ("height", &["32", "1", "4294967295"]),
            ("method", &["crop", "scale"]),
            ("animated", &["true"]),
        ],
    ),
    ("/upload", &[("filename", &["a b.png"])]),
    ("/pushrules", &[("before", &["{rule}"]), ("after", &["{rule}"])]),
    ("/join", &[("via", &["{server}"]), ("server_name", &["{server}"])]),
    ("", &[("org.example.any", &["x"]), ("access_token", &["x"])]),
];

/// The parameters of lists that come in pages.
const PAGE: &[Parameter] = &[
    ("from", &["{token}", "{token}", "{page}"]),
    ("to", &["{token}"]),
    ("dir", &["b", "f"]),
    ("limit", LIMITS),
];

const LIMITS: &[&str] = &["0", "1", "3", "100", "18446744073709551615"];
