"""One script of requests, played on two homeservers; their answers side by side.

    same_answers.py SYNAPSE_URL HARK_URL

What must differ (ids, times, tokens) is given the same name on both sides. What still differs is either explained in EXPLAINED or
makes this program fail; so does an explanation that nothing needs.
"""

import base64
import fnmatch
import hashlib
import json
import re
import sys
import urllib.error
import urllib.parse
import urllib.request

import nacl.signing

PASSWORD = "correct horse battery"
CLIENT = "/_matrix/client/v3"


class Server:
    """A homeserver, and the names its ids were given."""

    def __init__(self, url):
        self.url = url
        self.signatures = {}
        self.tokens = {}
        self.answers = {}

    def ask(self, step, method, path, body=None, who=None, raw=None):
        """Sends one request and keeps what was answered under the name of the step."""
        request = urllib.request.Request(self.url + path, method=method)
        if who:
            request.add_header("Authorization", f"Bearer {self.tokens[who]}")
        data = raw if raw is not None else None if body is None else json.dumps(body).encode()
        if data is not None:
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, data, timeout=30) as response:
                status, text = response.status, response.read()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read()
        answer = json.loads(text) if text else None
        if step in self.answers:
            raise SystemExit(f"two steps are called {step}")
        self.answers[step] = (status, answer)
        return answer

    def call(self, who, step, method, path, body=None):
        """As one of the people, on the client API."""
        return self.ask(step, method, path if path.startswith("/") else f"{CLIENT}/{path}", body, who)


def quoted(text):
    return urllib.parse.quote(text, safe="")


# ---------------------------------------------------------------- the script


def play(server):
    """Everything, in an order in which each step has what it needs."""
    discovery(server)
    people = {name: accounts(server, name) for name in ("alice", "bob", "carol")}
    settings(server, people)
    room, event = a_room(server, people)
    reading(server, people, room, event)
    relations(server, people, room, event)
    finding(server, people, room)
    membership(server, people, room)
    refusals(server, people, room)
    syncing(server, people, room)
    mine, bare = keys_of_devices(server, people)
    cross_signing(server, people, mine, bare)
    key_backup(server)
    leaving(server)


def discovery(server):
    server.ask("versions", "GET", "/_matrix/client/versions")
    server.ask("login flows", "GET", f"{CLIENT}/login")
    server.ask("unknown address", "GET", f"{CLIENT}/nothing/of/the/kind")
    server.ask("wrong method", "PUT", f"{CLIENT}/login", {})
    server.ask("no token", "GET", f"{CLIENT}/account/whoami")
    server.tokens["nobody"] = "not-a-token"
    server.call("nobody", "bad token", "GET", "account/whoami")


def accounts(server, name):
    body = {"username": name, "password": PASSWORD, "device_id": f"{name.upper()}1"}
    first = server.ask(f"register {name}, first", "POST", f"{CLIENT}/register", body)
    body["auth"] = {"type": "m.login.dummy", "session": first["session"]}
    answer = server.ask(f"register {name}", "POST", f"{CLIENT}/register", body)
    server.tokens[name] = answer["access_token"]
    if name == "alice":
        server.ask("taken name", "POST", f"{CLIENT}/register", {"username": name, "password": PASSWORD})
        server.ask("odd name", "POST", f"{CLIENT}/register", {"username": "no spaces", "password": PASSWORD})
        server.ask("available", "GET", f"{CLIENT}/register/available?username=zoe")
        server.ask("not available", "GET", f"{CLIENT}/register/available?username={name}")
        login = {"type": "m.login.password", "identifier": {"type": "m.id.user", "user": name}}
        server.ask("wrong password", "POST", f"{CLIENT}/login", login | {"password": "wrong"})
        server.ask("unknown user", "POST", f"{CLIENT}/login",
                   login | {"password": "wrong", "identifier": {"type": "m.id.user", "user": "nobody"}})
        login = login | {"password": PASSWORD, "device_id": "ALICE2", "initial_device_display_name": "Second"}
        second = server.ask("login", "POST", f"{CLIENT}/login", login)
        server.tokens["alice2"] = second["access_token"]
        server.ask("unknown login", "POST", f"{CLIENT}/login", {"type": "m.login.nothing"})
    return answer["user_id"]


def settings(server, people):
    alice = quoted(people["alice"])
    call = server.call
    call("alice", "whoami", "GET", "account/whoami")
    call("alice", "capabilities", "GET", "capabilities")
    call("alice", "devices", "GET", "devices")
    call("alice", "device", "GET", "devices/ALICE2")
    call("alice", "no such device", "GET", "devices/NONE")
    call("alice", "rename device", "PUT", "devices/ALICE2", {"display_name": "Renamed"})
    call("alice", "push rules", "GET", "pushrules/")
    call("alice", "set name", "PUT", f"profile/{alice}/displayname", {"displayname": "Alice"})
    call("alice", "profile", "GET", f"profile/{alice}")
    call("alice", "profile name", "GET", f"profile/{alice}/displayname")
    call("alice", "profile field unset", "GET", f"profile/{alice}/avatar_url")
    call("bob", "set another's name", "PUT", f"profile/{alice}/displayname", {"displayname": "Mallory"})
    call("alice", "profile of nobody", "GET", f"profile/{quoted('@nobody:' + people['alice'].split(':', 1)[1])}")
    call("alice", "set account data", "PUT", f"user/{alice}/account_data/org.example", {"a": 1})
    call("alice", "account data", "GET", f"user/{alice}/account_data/org.example")
    call("alice", "account data unset", "GET", f"user/{alice}/account_data/org.unset")
    call("alice", "account data of push rules", "PUT", f"user/{alice}/account_data/m.push_rules", {})
    call("bob", "another's account data", "GET", f"user/{alice}/account_data/org.example")
    call("alice", "filter", "POST", f"user/{alice}/filter", {"room": {"timeline": {"limit": 5}}})
    call("alice", "filter is not an object", "POST", f"user/{alice}/filter", [])
    call("alice", "unknown filter", "GET", f"user/{alice}/filter/999999")
    call("alice", "turn server", "GET", "voip/turnServer")
    call("alice", "protocols", "GET", "thirdparty/protocols")
    call("alice", "third-party ids", "GET", "account/3pid")
    call("alice", "presence", "PUT", f"presence/{alice}/status", {"presence": "online", "status_msg": "here"})
    call("alice", "presence of oneself", "GET", f"presence/{alice}/status")
    call("alice", "send to device", "PUT", "sendToDevice/org.example/1",
         {"messages": {people["alice"]: {"ALICE2": {"a": 1}}}})
    call("alice", "no body", "PUT", f"user/{alice}/account_data/org.example")
    server.ask("broken JSON", "PUT", f"{CLIENT}/user/{alice}/account_data/org.example", None, "alice", b"{")
    call("alice", "push rule", "PUT", "pushrules/global/content/cake", {"actions": ["notify"], "pattern": "cake"})
    call("alice", "one push rule", "GET", "pushrules/global/content/cake")
    call("alice", "push rule on", "GET", "pushrules/global/content/cake/enabled")
    call("alice", "push rule off", "PUT", "pushrules/global/content/cake/enabled", {"enabled": False})
    call("alice", "push rule actions", "GET", "pushrules/global/content/cake/actions")
    call("alice", "push rule after nothing", "PUT", "pushrules/global/content/pie?after=none",
         {"actions": ["notify"], "pattern": "pie"})
    call("alice", "push rule gone", "DELETE", "pushrules/global/content/cake")
    call("alice", "push rule unknown", "GET", "pushrules/global/content/cake/enabled")
    call("alice", "notifications, none", "GET", "notifications")
    call("alice", "pushers, none", "GET", "pushers")


def a_room(server, people):
    call = server.call
    room = call("alice", "create room", "POST", "createRoom", {
        "name": "Den", "topic": "Talk", "room_version": "11", "preset": "public_chat", "room_alias_name": "den",
        "initial_state": [{"type": "m.room.guest_access", "content": {"guest_access": "can_join"}}],
    })["room_id"]
    path = f"rooms/{quoted(room)}"
    call("alice", "create room, unknown version", "POST", "createRoom", {"room_version": "99"})
    call("alice", "create room, version no text", "POST", "createRoom", {"room_version": 11})
    call("alice", "create room, alias taken", "POST", "createRoom", {"room_alias_name": "den"})
    call("bob", "join", "POST", f"{path}/join", {})
    call("bob", "join again", "POST", f"join/{quoted(room)}", {})
    event = call("alice", "send", "PUT", f"{path}/send/m.room.message/t1", {"msgtype": "m.text", "body": "hello"})["event_id"]
    call("alice", "send again", "PUT", f"{path}/send/m.room.message/t1", {"msgtype": "m.text", "body": "hello"})
    call("bob", "mention", "PUT", f"{path}/send/m.room.message/t2",
         {"msgtype": "m.text", "body": "hello Alice", "m.mentions": {"user_ids": [people["alice"]]}})
    call("alice", "set topic", "PUT", f"{path}/state/m.room.topic", {"topic": "Walk"})
    call("alice", "set topic, the same", "PUT", f"{path}/state/m.room.topic/", {"topic": "Walk"})
    call("bob", "set topic without power", "PUT", f"{path}/state/m.room.topic", {"topic": "Bob's"})
    call("bob", "typing", "PUT", f"{path}/typing/{quoted(people['bob'])}", {"typing": True, "timeout": 30000})
    call("bob", "receipt", "POST", f"{path}/receipt/m.read/{quoted(event)}", {})
    call("bob", "receipt of an unknown kind", "POST", f"{path}/receipt/m.nothing/{quoted(event)}", {})
    call("bob", "receipt, thread no text", "POST", f"{path}/receipt/m.read/{quoted(event)}", {"thread_id": 5})
    call("bob", "read markers", "POST", f"{path}/read_markers", {"m.fully_read": event, "m.read": event})
    call("bob", "tag", "PUT", f"user/{quoted(people['bob'])}/{path}/tags/m.favourite", {"order": 0.5})
    call("bob", "tags", "GET", f"user/{quoted(people['bob'])}/{path}/tags")
    call("bob", "room account data", "PUT", f"user/{quoted(people['bob'])}/{path}/account_data/org.example", {"b": 2})
    call("bob", "room account data back", "GET", f"user/{quoted(people['bob'])}/{path}/account_data/org.example")
    call("bob", "fully read back", "GET", f"user/{quoted(people['bob'])}/{path}/account_data/m.fully_read")
    return room, event


def reading(server, people, room, event):
    call, path = server.call, f"rooms/{quoted(room)}"
    call("bob", "state", "GET", f"{path}/state")
    call("bob", "state of one kind", "GET", f"{path}/state/m.room.topic")
    call("bob", "state as an event", "GET", f"{path}/state/m.room.topic?format=event")
    call("bob", "state unset", "GET", f"{path}/state/org.unset/x")
    call("bob", "messages", "GET", f"{path}/messages?dir=b&limit=4")
    call("bob", "messages from the start", "GET", f"{path}/messages?dir=f&limit=3")
    call("bob", "messages without direction", "GET", f"{path}/messages")
    call("bob", "messages to nowhere", "GET", f"{path}/messages?dir=x")
    call("bob", "messages from nonsense", "GET", f"{path}/messages?dir=b&from=nonsense")
    call("bob", "event", "GET", f"{path}/event/{quoted(event)}")
    call("bob", "unknown event", "GET", f"{path}/event/$nothing")
    call("bob", "context", "GET", f"{path}/context/{quoted(event)}?limit=2")
    call("bob", "context of an unknown event", "GET", f"{path}/context/$nothing")
    call("bob", "members", "GET", f"{path}/members")
    call("bob", "members, none invited", "GET", f"{path}/members?membership=invite")
    call("bob", "joined members", "GET", f"{path}/joined_members")
    call("bob", "joined rooms", "GET", "joined_rooms")
    call("alice", "notifications", "GET", "notifications")
    call("alice", "highlights", "GET", "notifications?only=highlight")


def relations(server, people, room, event):
    call, path = server.call, f"rooms/{quoted(room)}"
    reaction = {"m.relates_to": {"rel_type": "m.annotation", "event_id": event, "key": "+"}}
    call("bob", "react", "PUT", f"{path}/send/m.reaction/r1", reaction)
    call("bob", "react again", "PUT", f"{path}/send/m.reaction/r2", reaction)
    edit = {"msgtype": "m.text", "body": "* hello!", "m.new_content": {"msgtype": "m.text", "body": "hello!"},
            "m.relates_to": {"rel_type": "m.replace", "event_id": event}}
    call("alice", "edit", "PUT", f"{path}/send/m.room.message/r3", edit)
    answer = {"msgtype": "m.text", "body": "in the thread", "m.relates_to": {"rel_type": "m.thread", "event_id": event}}
    child = call("bob", "thread", "PUT", f"{path}/send/m.room.message/r4", answer)["event_id"]
    nested = answer | {"m.relates_to": {"rel_type": "m.thread", "event_id": child}}
    call("bob", "thread in a thread", "PUT", f"{path}/send/m.room.message/r5", nested)
    call("bob", "event with its relations", "GET", f"{path}/event/{quoted(event)}")
    base = f"/_matrix/client/v1/rooms/{quoted(room)}"
    call("bob", "relations", "GET", f"{base}/relations/{quoted(event)}")
    call("bob", "relations of a kind", "GET", f"{base}/relations/{quoted(event)}/m.annotation")
    call("bob", "relations of a kind and type", "GET", f"{base}/relations/{quoted(event)}/m.thread/m.room.message")
    call("bob", "relations of an unknown event", "GET", f"{base}/relations/$nothing")
    call("bob", "relations, first page", "GET", f"{base}/relations/{quoted(event)}?limit=1")
    call("bob", "relations, deep", "GET", f"{base}/relations/{quoted(event)}?recurse=true")
    call("bob", "threads", "GET", f"{base}/threads")
    call("alice", "threads of mine", "GET", f"{base}/threads?include=participated")
    call("bob", "redact another's", "PUT", f"{path}/redact/{quoted(event)}/x1", {})
    call("bob", "redact", "PUT", f"{path}/redact/{quoted(child)}/x2", {"reason": "typo"})
    call("bob", "redacted event", "GET", f"{path}/event/{quoted(child)}")
    call("alice", "redact an unknown event", "PUT", f"{path}/redact/$nothing/x3", {})
    call("bob", "search", "POST", "search", {"search_categories": {"room_events": {
        "search_term": "hello", "order_by": "recent", "event_context": {"before_limit": 1, "after_limit": 1}}}})
    call("bob", "search for nothing", "POST", "search", {"search_categories": {"room_events": {"search_term": "zebra"}}})
    call("bob", "search without a term", "POST", "search", {"search_categories": {"room_events": {}}})
    call("bob", "jump to a date", "GET", f"{base}/timestamp_to_event?ts=0&dir=f")
    call("bob", "jump before the beginning", "GET", f"{base}/timestamp_to_event?ts=0&dir=b")
    call("bob", "jump without direction", "GET", f"{base}/timestamp_to_event?ts=0")


def finding(server, people, room):
    call = server.call
    name = people["alice"].split(":", 1)[1]
    alias, other = quoted(f"#den:{name}"), quoted(f"#other:{name}")
    call("bob", "resolve alias", "GET", f"directory/room/{alias}")
    call("bob", "unknown alias", "GET", f"directory/room/{quoted('#none:' + name)}")
    call("bob", "add alias", "PUT", f"directory/room/{other}", {"room_id": room})
    call("bob", "add alias again", "PUT", f"directory/room/{other}", {"room_id": room})
    call("bob", "aliases of the room", "GET", f"rooms/{quoted(room)}/aliases")
    call("carol", "remove another's alias", "DELETE", f"directory/room/{other}")
    call("bob", "remove alias", "DELETE", f"directory/room/{other}")
    call("alice", "canonical alias to nowhere", "PUT", f"rooms/{quoted(room)}/state/m.room.canonical_alias",
         {"alias": f"#none:{name}"})
    call("alice", "list the room", "PUT", f"directory/list/room/{quoted(room)}", {"visibility": "public"})
    call("bob", "is it listed", "GET", f"directory/list/room/{quoted(room)}")
    call("bob", "unlist without power", "PUT", f"directory/list/room/{quoted(room)}", {"visibility": "private"})
    call("carol", "public rooms", "GET", "publicRooms")
    call("carol", "public rooms by a word", "POST", "publicRooms", {"filter": {"generic_search_term": "Den"}})
    call("carol", "public rooms, none", "POST", "publicRooms", {"filter": {"generic_search_term": "zebra"}})
    call("bob", "find people", "POST", "user_directory/search", {"search_term": "alice"})
    space = call("alice", "create space", "POST", "createRoom",
                 {"name": "Space", "creation_content": {"type": "m.space"}, "preset": "public_chat", "room_version": "11"})["room_id"]
    call("alice", "child of the space", "PUT", f"rooms/{quoted(space)}/state/m.space.child/{quoted(room)}", {"via": [name]})
    call("carol", "hierarchy", "GET", f"/_matrix/client/v1/rooms/{quoted(space)}/hierarchy")
    call("carol", "summary", "GET", f"/_matrix/client/v1/room_summary/{quoted(room)}")
    call("carol", "summary by alias", "GET", f"/_matrix/client/v1/room_summary/{alias}")
    call("carol", "summary of nothing", "GET", f"/_matrix/client/v1/room_summary/{quoted('!nothing:' + name)}")
    call("bob", "report a room", "POST", f"rooms/{quoted(room)}/report", {"reason": "dull"})


def membership(server, people, room):
    call, path = server.call, f"rooms/{quoted(room)}"
    private = call("alice", "create private room", "POST", "createRoom", {"room_version": "11", "preset": "private_chat"})["room_id"]
    secret = f"rooms/{quoted(private)}"
    call("alice", "invite", "POST", f"{secret}/invite", {"user_id": people["carol"]})
    call("carol", "sync with an invitation", "GET", f"sync?filter={quoted(json.dumps({'presence': {'not_types': ['*']}}))}")
    call("carol", "read while invited", "GET", f"{secret}/messages?dir=b")
    call("carol", "turn it down", "POST", f"{secret}/leave", {})
    call("carol", "join uninvited", "POST", f"{secret}/join", {})
    call("alice", "invite nobody", "POST", f"{secret}/invite", {})
    call("alice", "invite again", "POST", f"{secret}/invite", {"user_id": people["carol"], "reason": "please"})
    call("carol", "join by invitation", "POST", f"{secret}/join", {})
    call("alice", "invite who is in", "POST", f"{secret}/invite", {"user_id": people["carol"]})
    call("carol", "kick without power", "POST", f"{secret}/kick", {"user_id": people["alice"]})
    call("alice", "kick", "POST", f"{secret}/kick", {"user_id": people["carol"], "reason": "noise"})
    call("alice", "kick who is out", "POST", f"{secret}/kick", {"user_id": people["carol"]})
    call("alice", "ban", "POST", f"{secret}/ban", {"user_id": people["carol"]})
    call("alice", "invite who is banned", "POST", f"{secret}/invite", {"user_id": people["carol"]})
    call("alice", "unban", "POST", f"{secret}/unban", {"user_id": people["carol"]})
    call("alice", "unban again", "POST", f"{secret}/unban", {"user_id": people["carol"]})
    call("carol", "forget", "POST", f"{secret}/forget", {})
    call("alice", "forget while joined", "POST", f"{secret}/forget", {})
    call("carol", "leave where one never was", "POST", f"{path}/leave", {})
    call("alice", "knock rule", "PUT", f"{secret}/state/m.room.join_rules", {"join_rule": "knock"})
    call("carol", "knock", "POST", f"knock/{quoted(private)}", {"reason": "me"})
    call("carol", "sync while knocking", "GET", f"sync?filter={quoted(json.dumps({'presence': {'not_types': ['*']}}))}")
    call("carol", "knock on an open room", "POST", f"knock/{quoted(room)}", {})
    call("alice", "power level is a text", "PUT", f"{secret}/state/m.room.power_levels", {"users": {people["alice"]: "100"}})
    new = call("alice", "upgrade", "POST", f"{secret}/upgrade", {"new_version": "10"})
    call("alice", "upgraded room", "GET", f"rooms/{quoted(new.get('replacement_room', private))}/state/m.room.create")
    call("alice", "tombstone", "GET", f"{secret}/state/m.room.tombstone")
    call("alice", "upgrade to nothing", "POST", f"{path}/upgrade", {"new_version": "99"})
    call("bob", "upgrade without power", "POST", f"{path}/upgrade", {"new_version": "11"})


def refusals(server, people, room):
    """A stranger, at a room that exists and at one that does not."""
    call = server.call
    hidden = call("alice", "create hidden room", "POST", "createRoom", {"room_version": "11"})["room_id"]
    nowhere = f"!nowhere:{people['alice'].split(':', 1)[1]}"
    for name, target in (("hidden", hidden), ("missing", nowhere)):
        path = f"rooms/{quoted(target)}"
        for what in ("state", "state/m.room.name", "messages?dir=b", "members", "joined_members", "event/$x", "context/$x", "aliases"):
            call("carol", f"{name}: {what}", "GET", f"{path}/{what}")
        call("carol", f"{name}: send", "PUT", f"{path}/send/m.room.message/1", {"msgtype": "m.text", "body": "x"})
        call("carol", f"{name}: set state", "PUT", f"{path}/state/m.room.name", {"name": "x"})
        call("carol", f"{name}: redact", "PUT", f"{path}/redact/$x/1", {})
        call("carol", f"{name}: typing", "PUT", f"{path}/typing/{quoted(people['carol'])}", {"typing": False})
        call("carol", f"{name}: receipt", "POST", f"{path}/receipt/m.read/$x", {})
        call("carol", f"{name}: invite", "POST", f"{path}/invite", {"user_id": people["bob"]})
        call("carol", f"{name}: kick", "POST", f"{path}/kick", {"user_id": people["alice"]})
        call("carol", f"{name}: leave", "POST", f"{path}/leave", {})
        call("carol", f"{name}: forget", "POST", f"{path}/forget", {})
    path = f"rooms/{quoted(room)}"
    for name, content in (("float", b'{"a":1.5}'), ("huge", b'{"a":9007199254740993}'), ("list", b"[]"), ("text", b'"x"')):
        server.ask(f"content: {name}", "PUT", f"{CLIENT}/{path}/send/org.example/c-{name}", None, "alice", content)
    call("alice", "content: too large", "PUT", f"{path}/send/m.room.message/large", {"body": "x" * 70000})
    call("alice", "state key of another", "PUT", f"{path}/state/org.example/{quoted(people['bob'])}", {})


def syncing(server, people, room):
    call = server.call
    quiet = quoted(json.dumps({"presence": {"not_types": ["*"]}, "room": {"rooms": [room], "timeline": {"limit": 3}}}))
    first = call("bob", "sync", "GET", f"sync?filter={quiet}")
    since = quoted(first["next_batch"])
    call("bob", "sync, nothing new", "GET", f"sync?filter={quiet}&since={since}&timeout=0")
    call("alice", "one more", "PUT", f"rooms/{quoted(room)}/send/m.room.message/s1", {"msgtype": "m.text", "body": "more"})
    call("alice", "name it", "PUT", f"rooms/{quoted(room)}/state/m.room.name", {"name": "Lair"})
    call("bob", "sync, something new", "GET", f"sync?filter={quiet}&since={since}&timeout=1000")
    call("bob", "sync, whole state", "GET", f"sync?filter={quiet}&since={since}&full_state=true")
    after = "use_state_after=true&org.matrix.msc4222.use_state_after=true"
    call("bob", "sync, state after", "GET", f"sync?filter={quiet}&since={since}&{after}")
    lazy = quoted(json.dumps({"presence": {"not_types": ["*"]}, "room": {"rooms": [room], "state": {"lazy_load_members": True}, "timeline": {"limit": 1}}}))
    call("bob", "sync, lazily", "GET", f"sync?filter={lazy}")
    call("bob", "sync from nonsense", "GET", "sync?since=nonsense")
    call("bob", "sync, filter no JSON", "GET", f"sync?filter={quoted('{')}")
    call("bob", "leave", "POST", f"rooms/{quoted(room)}/leave", {"reason": "late"})
    call("bob", "sync after leaving", "GET", f"sync?filter={quiet}&since={since}")
    call("bob", "messages after leaving", "GET", f"rooms/{quoted(room)}/messages?dir=b&limit=1")
    call("bob", "joined members after leaving", "GET", f"rooms/{quoted(room)}/joined_members")
    call("alice2", "sync of messages to the device", "GET",
         f"sync?filter={quoted(json.dumps({'presence': {'not_types': ['*']}, 'room': {'rooms': []}}))}")


class Key:
    """A key to sign with, the same on both servers."""

    def __init__(self, server, name, device=None):
        self.server, self.name = server, name
        self.private = nacl.signing.SigningKey(hashlib.sha256(name.encode()).digest())
        self.public = unpadded(bytes(self.private.verify_key))
        self.id = f"ed25519:{device or self.public}"

    def sign(self, user, thing):
        """`thing` with its signature in the name of `user`, beside those it has."""
        bare = {name: value for name, value in thing.items() if name not in ("signatures", "unsigned")}
        text = json.dumps(bare, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        signature = unpadded(self.private.sign(text.encode()).signature)
        self.server.signatures.setdefault(signature, f"<signature {len(self.server.signatures)} by {self.name}>")
        signatures = json.loads(json.dumps(thing.get("signatures", {})))
        signatures.setdefault(user, {})[self.id] = signature
        return bare | {"signatures": signatures}


def unpadded(data):
    return base64.b64encode(data).decode().rstrip("=")


def keys_of_devices(server, people):
    call, alice, bob = server.call, people["alice"], people["bob"]
    mine = Key(server, "alice's device", "ALICE1")
    bare = {"user_id": alice, "device_id": "ALICE1", "algorithms": ["m.megolm.v1.aes-sha2"],
            "keys": {mine.id: mine.public, "curve25519:ALICE1": unpadded(hashlib.sha256(b"curve").digest())}}
    device = mine.sign(alice, bare)
    one_time = {f"signed_curve25519:{n}": mine.sign(alice, {"key": unpadded(hashlib.sha256(n.encode()).digest())}) for n in "BA"}
    fallback = {"signed_curve25519:F": mine.sign(alice, {"key": unpadded(hashlib.sha256(b"F").digest()), "fallback": True})}
    everybody = {"device_keys": {alice: [], bob: []}}
    wanted = {"one_time_keys": {alice: {"ALICE1": "signed_curve25519"}}}
    call("alice", "keys: none", "POST", "keys/query", everybody)
    call("alice", "keys: upload nothing", "POST", "keys/upload", {})
    call("alice", "keys: upload", "POST", "keys/upload", {"device_keys": device, "one_time_keys": one_time, "fallback_keys": fallback})
    call("alice", "keys: upload again", "POST", "keys/upload", {"device_keys": device, "one_time_keys": one_time})
    call("alice", "keys: another key of that name", "POST", "keys/upload", {"one_time_keys": {"signed_curve25519:A": fallback["signed_curve25519:F"]}})
    call("bob", "keys: of alice's device", "POST", "keys/upload", {"device_keys": device})
    call("bob", "keys: null", "POST", "keys/upload", {"device_keys": None})
    call("bob", "keys: query", "POST", "keys/query", everybody)
    call("bob", "keys: query one device", "POST", "keys/query", {"device_keys": {alice: ["ALICE1", "NONE"]}})
    call("bob", "keys: query by object", "POST", "keys/query", {"device_keys": {alice: {}}})
    call("bob", "keys: query nobody", "POST", "keys/query", {})
    sync = quoted(json.dumps({"presence": {"not_types": ["*"]}, "account_data": {"not_types": ["*"]}, "room": {"rooms": []}}))
    first = call("alice", "keys: sync", "GET", f"sync?filter={sync}")
    for number in range(4):
        call("bob", f"keys: claim {number}", "POST", "keys/claim", wanted)
    since = quoted(first["next_batch"])
    call("alice", "keys: sync after claims", "GET", f"sync?filter={sync}&since={since}&timeout=0")
    call("bob", "keys: claim of nobody", "POST", "keys/claim", {"one_time_keys": {bob: {"NONE": "signed_curve25519"}}})
    call("bob", "keys: changes", "GET", f"keys/changes?from={since}&to={since}")
    call("bob", "keys: changes from nothing", "GET", "keys/changes")
    return mine, bare


def cross_signing(server, people, mine, bare):
    call, alice, bob = server.call, people["alice"], people["bob"]
    master, self_signing, other = (Key(server, name) for name in ("master", "self-signing", "other"))

    def key(key, usage, user=alice):
        return {"user_id": user, "usage": [usage], "keys": {key.id: key.public}}

    signing = master.sign(alice, key(self_signing, "self_signing"))
    call("alice", "cross-signing: no master key", "POST", "keys/device_signing/upload", {"self_signing_key": signing})
    call("alice", "cross-signing: first", "POST", "keys/device_signing/upload", {"master_key": key(master, "master"), "self_signing_key": signing})
    call("alice", "cross-signing: same again", "POST", "keys/device_signing/upload", {"master_key": key(master, "master"), "self_signing_key": signing})
    call("alice", "cross-signing: others, first", "POST", "keys/device_signing/upload", {"master_key": key(other, "master")})
    call("bob", "cross-signing: alice's", "POST", "keys/device_signing/upload", {"master_key": key(other, "master")})
    call("bob", "cross-signing: unsigned", "POST", "keys/device_signing/upload", {
        "master_key": key(other, "master", bob), "self_signing_key": key(self_signing, "self_signing", bob)})
    call("bob", "cross-signing: query", "POST", "keys/query", {"device_keys": {alice: []}})
    signed = self_signing.sign(alice, bare)
    call("alice", "signatures: right", "POST", "keys/signatures/upload", {alice: {"ALICE1": signed}})
    call("alice", "signatures: of a device that is none", "POST", "keys/signatures/upload", {alice: {"NONE": signed}})
    call("alice", "signatures: by the wrong key", "POST", "keys/signatures/upload", {alice: {"ALICE1": other.sign(alice, bare)}})
    call("alice", "signatures: of the master key", "POST", "keys/signatures/upload", {alice: {master.public: mine.sign(alice, key(master, "master"))}})
    call("alice", "signatures: none", "POST", "keys/signatures/upload", {})
    call("bob", "signatures: query", "POST", "keys/query", {"device_keys": {alice: []}})


def key_backup(server):
    call = server.call
    settings = {"algorithm": "m.megolm_backup.v1", "auth_data": {"some": "data"}}
    session = {"first_message_index": 3, "forwarded_count": 0, "is_verified": False, "session_data": {"a": "b"}}
    call("alice", "backup: none", "GET", "room_keys/version")
    call("alice", "backup: keys of none", "GET", "room_keys/keys?version=1")
    call("alice", "backup: keys for none", "PUT", "room_keys/keys?version=1", {"rooms": {}})
    call("alice", "backup: incomplete", "POST", "room_keys/version", {"algorithm": "m.megolm_backup.v1"})
    call("alice", "backup: create", "POST", "room_keys/version", settings)
    call("alice", "backup: latest", "GET", "room_keys/version")
    call("alice", "backup: by version", "GET", "room_keys/version/1")
    call("alice", "backup: unknown version", "GET", "room_keys/version/99")
    call("alice", "backup: nonsense version", "GET", "room_keys/version/bogus")
    call("alice", "backup: change", "PUT", "room_keys/version/1", settings | {"version": "1"})
    call("alice", "backup: change its algorithm", "PUT", "room_keys/version/1", settings | {"algorithm": "other"})
    call("alice", "backup: change another", "PUT", "room_keys/version/1", settings | {"version": "2"})
    call("alice", "backup: one key", "PUT", "room_keys/keys/!r/s?version=1", session)
    call("alice", "backup: the same key", "PUT", "room_keys/keys/!r/s?version=1", session)
    call("alice", "backup: a room's", "PUT", "room_keys/keys/!r?version=1", {"sessions": {"s": session | {"first_message_index": 1}, "t": session}})
    call("alice", "backup: all", "PUT", "room_keys/keys?version=1", {"rooms": {"!q": {"sessions": {"s": session}}}})
    call("alice", "backup: incomplete key", "PUT", "room_keys/keys/!r/s?version=1", {"first_message_index": 1})
    call("alice", "backup: keys without version", "GET", "room_keys/keys")
    for place in ("", "/!r", "/!r/s", "/!none", "/!r/none"):
        call("alice", f"backup: get{place}", "GET", f"room_keys/keys{place}?version=1")
    call("alice", "backup: delete a key", "DELETE", "room_keys/keys/!r/s?version=1")
    call("alice", "backup: delete it again", "DELETE", "room_keys/keys/!r/s?version=1")
    call("alice", "backup: another", "POST", "room_keys/version", settings)
    call("alice", "backup: key for the former", "PUT", "room_keys/keys/!r/s?version=1", session)
    call("alice", "backup: key for an unknown", "PUT", "room_keys/keys/!r/s?version=99", session)
    call("alice", "backup: delete", "DELETE", "room_keys/version/2")
    call("alice", "backup: delete again", "DELETE", "room_keys/version/2")
    call("alice", "backup: after deletion", "GET", "room_keys/version")


def leaving(server):
    server.call("alice2", "log out", "POST", "logout", {})
    server.call("alice2", "after logging out", "GET", "account/whoami")
    server.call("alice", "log out everywhere", "POST", "logout/all", {})


# ---------------------------------------------------------------- the comparison

TIMES = {"origin_server_ts", "ts", "age", "age_ts", "last_seen_ts", "last_active_ago", "sent_ts"}
OPAQUE = {"access_token", "session", "next_batch", "prev_batch", "start", "end", "filter_id", "last_seen_ip", "next_link"}
# Order says nothing in these lists.
UNORDERED = {"flows", "versions", "joined_rooms", "devices", "results", "state", "aliases", "highlights"}


class Names:
    """Gives ids the names they have in the script: what a step made is called after it, the rest after what it is."""

    def __init__(self, server, host):
        self.host = host
        self.known = dict(server.signatures)
        for step, (_, answer) in server.answers.items():
            if isinstance(answer, dict) and answer.keys() <= {"event_id"} | {"room_id"} | {"replacement_room"}:
                for value in answer.values():
                    self.known.setdefault(value, f"{value[0]}<{step}>")
        for _, answer in server.answers.values():
            self.learn(answer)

    def learn(self, value):
        """Names the events that the server made itself, by type and state key, in the order in which they are met."""
        if isinstance(value, list):
            for item in value:
                self.learn(item)
        elif isinstance(value, dict):
            if isinstance(value.get("event_id"), str) and "type" in value:
                what = f"{value['type']} {value.get('state_key', '')}".replace(self.host, "SERVER").strip()
                taken = sum(name.startswith(f"$({what})") for name in self.known.values())
                self.known.setdefault(value["event_id"], f"$({what}){taken + 1}")
            for item in value.values():
                self.learn(item)

    def text(self, value):
        for known, name in self.known.items():
            if known in value:
                value = value.replace(known, name)
        return value.replace(self.host, "SERVER")

    def plain(self, value, key=None):
        if key in TIMES and isinstance(value, int):
            return "TIME"
        if key in OPAQUE and isinstance(value, str):
            return "OPAQUE"
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            items = [self.plain(item, key) for item in value]
            if items and all(isinstance(item, dict) and "state_key" in item for item in items):
                items.sort(key=lambda item: (item["type"], item["state_key"], item.get("event_id", "")))
            elif items and all(isinstance(item, dict) and item.keys() == {"type", "content"} for item in items):
                # Account data and signals.
                items.sort(key=lambda item: item["type"])
            elif key in UNORDERED:
                items.sort(key=lambda item: json.dumps(item, sort_keys=True))
            return items
        if isinstance(value, dict):
            return {self.text(name): self.plain(value[name], name) for name in sorted(value)}
        return value


def differences(path, theirs, ours):
    """The leaves at which two plain answers differ."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for name in sorted(theirs.keys() | ours.keys()):
            missing = object()
            here = f"{path}.{name}"
            a, b = theirs.get(name, missing), ours.get(name, missing)
            if a is missing:
                yield here, "absent", json.dumps(b)
            elif b is missing:
                yield here, json.dumps(a), "absent"
            else:
                yield from differences(here, a, b)
    elif isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
        for index, (a, b) in enumerate(zip(theirs, ours)):
            yield from differences(f"{path}[{index}]", a, b)
    elif theirs != ours:
        yield path, json.dumps(theirs), json.dumps(ours)


def compare(synapse, hark):
    """Every difference: the step, the member, what Synapse has there and what Hark has."""
    their_names, our_names = Names(synapse, "synapse.test"), Names(hark, hark.host)
    for step, (status, theirs) in synapse.answers.items():
        our_status, ours = hark.answers[step]
        if status != our_status:
            yield step, "status", f"{status} {(theirs or {}).get('errcode', '')}", f"{our_status} {(ours or {}).get('errcode', '')}"
            continue
        if status >= 400 and isinstance(theirs, dict) and isinstance(ours, dict):
            # What is said to people is each server's own.
            theirs, ours = ({name: body[name] for name in body if name != "error"} for body in (theirs, ours))
        for difference in differences("", their_names.plain(theirs), our_names.plain(ours)):
            yield step, *difference


def explanation(step, path):
    for known, (steps, paths) in EXPLAINED.items():
        globs = [steps] if isinstance(steps, str) else steps
        if any(fnmatch.fnmatchcase(step, glob) for glob in globs) and re.fullmatch(paths, path):
            return known
    return None


# Why an answer differs: (steps, members) by explanation. Steps are globs (one or several), members a regular expression.
EXPLAINED = {
    "features are each server's own": ("versions", r"\.unstable_features\..*"),
    "Hark claims only versions it keeps whole": ("versions", r"\.versions"),
    "Synapse repeats parts of `unsigned` outside of it, as servers did before r0.6": (
        "*", r".*\.(age|user_id|redacted_because|redacted_by|txn_id)|(?!.*unsigned).*\.(prev_content|replaces_state)"),
    "Hark tells the reader's membership with every event (MSC4115), Synapse in fewer places": ("*", r".*\.unsigned\.membership"),
    "a state event says what it replaced wherever it is read": ("state*", r".*\.unsigned\.(prev_content|prev_sender)"),
    "a new account has no name on Hark; Synapse makes one of the user id": ("*", r".*\.(displayname|display_name)"),
    "Hark names the sections that are empty, Synapse leaves them out": (
        ["sync*", "keys: sync*"], r"\.(presence|to_device|account_data|device_lists|device_lists\.left|rooms|rooms\.(join|invite|leave|knock))"),
    "there are no application services here, and a token of another device signs in": ("login flows", r"\.flows\[\d+\]\.(type|get_login_token)"),
    "the first answer of authentication says that nothing is completed": (["register *, first", "cross-signing: others, first"], r"\.completed"),
    "an unknown kind of login is M_UNKNOWN in the specification": ("unknown login", r"\.errcode"),
    "third-party ids, tokens for other devices, moderation, delayed events: capabilities of each server": (
        "capabilities", r"\.capabilities\.(m\.(3pid_changes|get_login_token)\.enabled|m\.account_moderation|m\.room_versions\.available\..*|org\.matrix\.msc4140.*)"),
    "clients refuse a device without a time and address": ("device*", r".*\.last_seen_(ip|ts)"),
    "the list of default rules is the specification's of today: no rule for the user's own name, no `highlight: false`": (
        "*", r".*\.global\.(content|override|underride|postcontent)"),
    "an unset field is 404 (SyTest wants it, and clients branch on it)": ("profile field unset", "status"),
    "another's profile is forbidden, which is 403": ("set another's name", "status"),
    "there is no TURN server: an empty answer makes clients ask again and again": ("turn server", "status"),
    "no such rule is 404": ("push rule after nothing", "status"),
    "the event of a notification says its room, as in the specification's example, and its rule is today's": (
        ["notifications", "highlights"], r"\.notifications\[\d+\]\.(event\.room_id|actions.*)"),
    "there is a next page where there is more, and what was before one's own message is read": (
        ["notifications*", "highlights"], r"\.(next_token|notifications\[\d+\]\.read)"),
    "what is wrong has its own errcode instead of M_UNKNOWN": (
        ["profile of nobody", "receipt of an unknown kind", "messages from nonsense", "relations of an unknown event",
         "search without a term", "sync from nonsense"], r"\.errcode"),
    "keys that are another's have an errcode of their own": ("keys: of alice's device", r"\.errcode"),
    "keys that are null are of the wrong form": ("keys: null", r"\.errcode"),
    "a member that is missing is M_MISSING_PARAM everywhere": ("keys: query nobody", r"\.errcode"),
    "what is wrong with a signature is an error like any other": ("signatures: *", r"\.failures\..*\.(error|message|status)"),
    "a device's signature of its user's master key is shown to others as well": (
        "signatures: query", r"\.master_keys\..*\.signatures"),
    "this Synapse stumbles over what is missing in a backup": (["backup: incomplete", "backup: incomplete key"], "status"),
    "an etag changes with what is stored": (["backup: delete it again", "backup: after deletion"], r"\.etag"),
    "the version in use is named, as the specification has it; Synapse names the one in the request": (
        "backup: key for the former", r"\.current_version"),
    "JSON that cannot be a filter is M_BAD_JSON however it is broken": ("sync, filter no JSON", r"\.errcode"),
    "the room's rules refuse, in one errcode for all they refuse": (["invite who is banned", "unban again"], r"\.errcode"),
    "Synapse adds to the default power levels": ("*", r".*\.content\.(events\.m\.call\.invite|historical)"),
    "a direction is required by the specification": ("* without direction", "status"),
    "a transaction id is shown to its device wherever the event is": (
        "threads*", r".*\.unsigned\.transaction_id"),
    "who removes what does not exist is told so": ("redact an unknown event", "status"),
    "rank is a number without a unit, and groups are there when asked for or not": (
        "search*", r"\.search_categories\.room_events\.(groups|results\[\d+\]\.rank)"),
    "this Synapse lets nobody publish rooms": ("list the room", "status"),
    "so that the room is private there": ("is it listed", r"\.visibility"),
    "and the directory is empty there": ("public rooms*", r"\.(chunk|total_room_count_estimate)"),
    "a field of a profile that is unset is absent": ("find people", r"\.results\[\d+\]\.avatar_url"),
    "a room nobody may know of is 404": ("summary of nothing", "status"),
    "stripped events that name the room say who and when (MSC4311)": (
        "sync with an invitation", r".*\.invite_state\.events\[\d+\]\.(event_id|origin_server_ts)"),
    "Synapse gives its answer of a moment ago to the same request": ("sync while knocking", r"\.rooms\.invite\..*"),
    "ids made by the server": ("upgraded room", r"\.predecessor\.event_id"),
    "a stranger is told the same of a hidden room as of none": ("hidden: *", "status"),
    "and of a room that does not exist nobody is told that either": ("missing: *", "status"),
    "413 is for what is too large": ("content: too large", "status"),
    "Synapse leaves the room's account data out of these answers; why was not found out": (
        "sync*", r"\.rooms\.join\..*\.account_data\.events"),
    "counts of members are in every answer that has a summary": (
        "sync*", r".*\.summary\.m\.(invited|joined)_member_count"),
    "account data is not part of a room's full state": ("sync, whole state", r"\.account_data\.events"),
    "the whole state of a room is no news of its members' devices": ("sync, whole state", r"\.device_lists\.changed"),
    "this Synapse does not know MSC4222": ("sync, state after", r".*\.(state|state_after)"),
    "the state before a timeline of one change of name has the name before it, which Synapse leaves out": (
        "sync, lazily", r".*\.state\.events"),
    "here, too, Synapse gives its answer of a moment ago": ("sync after leaving", r"\.rooms\.join\..*"),
}


def main():
    synapse, hark = Server(sys.argv[1]), Server(sys.argv[2])
    for server in (synapse, hark):
        play(server)
    hark.host = hark.answers["register alice"][1]["user_id"].split(":", 1)[1]
    used, unexplained = set(), []
    for step, path, theirs, ours in compare(synapse, hark):
        known = explanation(step, path)
        if known:
            used.add(known)
        else:
            unexplained.append(f"{step}: {path or 'whole'}\n    Synapse {theirs[:300]}\n    Hark    {ours[:300]}")
    print("\n".join(unexplained))
    print(f"{len(synapse.answers)} answers compared, {len(unexplained)} differences not explained")
    stale = EXPLAINED.keys() - used
    for known in stale:
        print(f"nothing needs this explanation: {known}")
    sys.exit(1 if unexplained or stale else 0)


if __name__ == "__main__":
    main()
