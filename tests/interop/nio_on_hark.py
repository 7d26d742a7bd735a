"""Two people who use matrix-nio talk on a Hark server.

    python nio_on_hark.py HOMESERVER SCENARIO

matrix-nio checks every answer against its own schema and gives an error object where one does not fit, so a scenario
that ends with 0 has also shown that the answers are those of Matrix.
"""

import asyncio
import sys
import tempfile

import nio

PASSWORD = "correct horse battery"
DEADLINE = 30


class Person:
    """One account on one device, and what a sync brought."""

    everybody = []

    def __init__(self, homeserver, name, encrypts=False):
        self.everybody.append(self)
        self.keys = tempfile.TemporaryDirectory()
        config = nio.AsyncClientConfig(encryption_enabled=encrypts)
        self.client = nio.AsyncClient(homeserver, name, store_path=self.keys.name if encrypts else "", config=config)
        self.name = name
        self.events = []
        self.receipts = []
        self.typing = []
        self.left = {}
        self.client.add_event_callback(lambda room, event: self.events.append(event), nio.Event)
        self.client.add_ephemeral_callback(lambda room, event: self.receipts.append(event), nio.ReceiptEvent)
        self.client.add_ephemeral_callback(lambda room, event: self.typing.append(event), nio.TypingNoticeEvent)

    async def register(self):
        need(await self.client.register(self.name, PASSWORD), nio.RegisterResponse)
        return self

    async def login(self):
        need(await self.client.login(PASSWORD), nio.LoginResponse)
        return self

    @property
    def id(self):
        return self.client.user_id

    async def sync(self, **options):
        answer = need(await self.client.sync(timeout=0, **options), nio.SyncResponse)
        await self.look_after_keys()
        return answer

    async def look_after_keys(self):
        """What a client that encrypts does after each sync."""
        if not self.client.olm:
            return
        if self.client.should_upload_keys:
            need(await self.client.keys_upload(), nio.KeysUploadResponse)
        if self.client.should_query_keys:
            need(await self.client.keys_query(), nio.KeysQueryResponse)
        await self.client.send_to_device_messages()

    async def sync_until(self, what, found):
        """Syncs until `found()` gives something."""

        async def loop():
            while not (result := found()):
                answer = need(await self.client.sync(timeout=5000), nio.SyncResponse)
                self.left.update(answer.rooms.leave)
                await self.look_after_keys()
            return result

        try:
            return await asyncio.wait_for(loop(), DEADLINE)
        except asyncio.TimeoutError:
            raise AssertionError(f"{self.name} waited in vain for {what}") from None

    async def text(self, room, body):
        content = {"msgtype": "m.text", "body": body}
        sent = await self.client.room_send(room, "m.room.message", content, ignore_unverified_devices=True)
        return need(sent, nio.RoomSendResponse).event_id

    def bodies(self):
        return [event.body for event in self.events if isinstance(event, nio.RoomMessageText)]

    def has_read(self, body):
        return next((e for e in self.events if isinstance(e, nio.RoomMessageText) and e.body == body), None)


def need(answer, kind):
    assert isinstance(answer, kind), f"wanted {kind.__name__}, got {answer!r}"
    return answer


async def two_people(homeserver, encrypts=False):
    """Alice makes a direct room, Bob is invited and joins."""
    alice = await Person(homeserver, "alice", encrypts).register()
    bob = await Person(homeserver, "bob", encrypts).register()
    made = await alice.client.room_create(
        is_direct=True, invite=[bob.id], preset=nio.RoomPreset.trusted_private_chat
    )
    room = need(made, nio.RoomCreateResponse).room_id
    await bob.sync_until("the invitation", lambda: room in bob.client.invited_rooms)
    assert bob.client.invited_rooms[room].inviter == alice.id, "the invitation names who sent it"
    need(await bob.client.join(room), nio.JoinResponse)
    await bob.sync_until("his own join", lambda: room in bob.client.rooms)
    await alice.sync_until("Bob's join", lambda: room in alice.client.rooms and bob.id in alice.client.rooms[room].users)
    return alice, bob, room


async def chat(homeserver):
    """Text in both directions, seen by the other side as it was written."""
    alice, bob, room = await two_people(homeserver)
    words = "Grüße 👋 \u202bשלום\u202c\nsecond line"
    sent = await alice.text(room, words)
    got = await bob.sync_until("Alice's words", lambda: bob.has_read(words))
    assert got.event_id == sent and got.sender == alice.id, (got.event_id, got.sender)
    await bob.text(room, "answer")
    await alice.sync_until("Bob's answer", lambda: alice.has_read("answer"))
    assert alice.bodies() == [words, "answer"], alice.bodies()
    members = need(await alice.client.joined_members(room), nio.JoinedMembersResponse)
    assert {member.user_id for member in members.members} == {alice.id, bob.id}, members


async def login(homeserver):
    """An account outlives its device: a second login sees the room; a wrong password does not."""
    alice, bob, room = await two_people(homeserver)
    await alice.text(room, "before")
    phone = await Person(homeserver, "bob").login()
    assert phone.client.device_id != bob.client.device_id, "a login is a new device"
    await phone.sync_until("the room", lambda: phone.has_read("before"))
    thief = Person(homeserver, "bob")
    answer = need(await thief.client.login("guess"), nio.LoginError)
    assert answer.status_code == "M_FORBIDDEN", answer
    need(await phone.client.logout(), nio.LogoutResponse)
    phone.client.access_token = "gone"
    answer = need(await phone.client.sync(timeout=0), nio.SyncError)
    assert answer.status_code == "M_UNKNOWN_TOKEN", answer


async def receipts_and_typing(homeserver):
    """Bob sees that Alice types; Alice sees that Bob has read."""
    alice, bob, room = await two_people(homeserver)
    need(await alice.client.room_typing(room, True, timeout=20000), nio.RoomTypingResponse)
    await bob.sync_until("Alice typing", lambda: any(alice.id in notice.users for notice in bob.typing))
    need(await alice.client.room_typing(room, False), nio.RoomTypingResponse)
    await bob.sync_until("Alice no longer typing", lambda: alice.id not in bob.typing[-1].users)
    sent = await alice.text(room, "read me")
    await bob.sync_until("the message", lambda: bob.has_read("read me"))
    need(await bob.client.update_receipt_marker(room, sent), nio.UpdateReceiptMarkerResponse)

    def read():
        marks = [mark for event in alice.receipts for mark in event.receipts]
        return [m for m in marks if m.user_id == bob.id and m.event_id == sent and m.receipt_type == "m.read"]

    mark = (await alice.sync_until("Bob's receipt", read))[0]
    assert mark.timestamp > 1_600_000_000_000, "a receipt has a time"
    need(await bob.client.room_read_markers(room, sent, sent), nio.RoomReadMarkersResponse)


async def resume(homeserver):
    """A token survives the client: what came meanwhile arrives once, in order, and nothing else."""
    alice, bob, room = await two_people(homeserver)
    await alice.text(room, "seen")
    await bob.sync_until("the first", lambda: bob.has_read("seen"))
    token, access, device = bob.client.next_batch, bob.client.access_token, bob.client.device_id
    await bob.client.close()
    for number in range(5):
        await alice.text(room, f"missed {number}")
    again = Person(homeserver, "bob")
    again.client.restore_login(bob.id, device, access)
    await again.sync(since=token)
    assert again.bodies() == [f"missed {n}" for n in range(5)], again.bodies()
    await again.sync()
    assert len(again.bodies()) == 5, "a second sync repeats nothing"


async def history(homeserver):
    """A limited sync leaves a gap that paging back closes, without a hole and without a double."""
    alice, bob, room = await two_people(homeserver)
    for number in range(45):
        await alice.text(room, f"line {number}")
    late = await Person(homeserver, "bob").login()
    answer = await late.sync(sync_filter={"room": {"timeline": {"limit": 10}}})
    timeline = answer.rooms.join[room].timeline
    assert timeline.limited and len(timeline.events) == 10, timeline
    assert late.bodies() == [f"line {n}" for n in range(35, 45)], late.bodies()
    older, token, pages = [], timeline.prev_batch, 0
    while token:
        page = need(await late.client.room_messages(room, token, limit=20), nio.RoomMessagesResponse)
        assert page.chunk or not page.end, "an empty page is the last one"
        older += [event.body for event in page.chunk if isinstance(event, nio.RoomMessageText)]
        token, pages = page.end, pages + 1
        assert pages < 10, "paging comes to an end"
    assert older == [f"line {n}" for n in reversed(range(35))], older
    forward = need(
        await late.client.room_messages(room, timeline.prev_batch, direction=nio.MessageDirection.front, limit=50),
        nio.RoomMessagesResponse,
    )
    bodies = [event.body for event in forward.chunk if isinstance(event, nio.RoomMessageText)]
    assert bodies == [f"line {n}" for n in range(35, 45)], bodies


async def voice(homeserver):
    """A voice message: uploaded, announced with length and waveform, fetched by the other side byte for byte."""
    alice, bob, room = await two_people(homeserver)
    sound = b"OggS" + bytes(range(256)) * 64
    with tempfile.TemporaryFile() as file:
        file.write(sound)
        file.seek(0)
        answer, _ = await alice.client.upload(
            lambda *_: file, content_type="audio/ogg", filename="voice.ogg", filesize=len(sound)
        )
    uri = need(answer, nio.UploadResponse).content_uri
    audio = {"duration": 4200, "waveform": [0, 512, 1024]}
    content = {
        "msgtype": "m.audio",
        "body": "Voice message",
        "url": uri,
        "info": {"duration": 4200, "mimetype": "audio/ogg", "size": len(sound)},
        "org.matrix.msc1767.audio": audio,
        "org.matrix.msc3245.voice": {},
    }
    need(await alice.client.room_send(room, "m.room.message", content), nio.RoomSendResponse)

    def heard():
        return next((event for event in bob.events if isinstance(event, nio.RoomMessageAudio)), None)

    event = await bob.sync_until("the voice message", heard)
    got = event.source["content"]
    assert got["org.matrix.msc1767.audio"] == audio and got["org.matrix.msc3245.voice"] == {}, got
    file = need(await bob.client.download(event.url), nio.MemoryDownloadResponse)
    assert file.body == sound, "the sound came as it was sent"
    assert file.content_type == "audio/ogg", file.content_type


async def profile(homeserver):
    """A name set by one is the name the other sees."""
    alice, bob, room = await two_people(homeserver)
    need(await alice.client.set_displayname("Alice Liddell"), nio.ProfileSetDisplayNameResponse)
    await bob.sync_until("the new name", lambda: bob.client.rooms[room].user_name(alice.id) == "Alice Liddell")
    answer = need(await bob.client.get_displayname(alice.id), nio.ProfileGetDisplayNameResponse)
    assert answer.displayname == "Alice Liddell", answer


async def leaving(homeserver):
    """Who leaves is told nothing more, and the other sees them go; a stranger learns nothing."""
    alice, bob, room = await two_people(homeserver)
    need(await bob.client.room_leave(room), nio.RoomLeaveResponse)
    await alice.sync_until("Bob gone", lambda: bob.id not in alice.client.rooms[room].users)
    await alice.text(room, "after")
    left = (await bob.sync_until("his own leave", lambda: bob.left)).get(room)
    assert left and all(event.source["type"] == "m.room.member" for event in left.timeline.events), left
    await bob.sync()
    assert "after" not in bob.bodies(), bob.bodies()
    eve = await Person(homeserver, "eve").register()
    answer = need(await eve.client.room_send(room, "m.room.message", {"msgtype": "m.text", "body": "hi"}), nio.RoomSendError)
    assert answer.status_code == "M_FORBIDDEN", answer
    answer = need(await eve.client.room_messages(room, ""), nio.RoomMessagesError)
    assert answer.status_code == "M_FORBIDDEN", answer


async def encrypted(homeserver):
    """Words that the server cannot read arrive, in both directions, and at a device that signs in later."""
    alice, bob, room = await two_people(homeserver, encrypts=True)
    algorithm = {"algorithm": "m.megolm.v1.aes-sha2"}
    need(await alice.client.room_put_state(room, "m.room.encryption", algorithm), nio.RoomPutStateResponse)
    for person in (alice, bob):
        await person.sync_until("encryption", lambda: person.client.rooms[room].encrypted)
    await alice.text(room, "secret")
    got = await bob.sync_until("the secret", lambda: bob.has_read("secret"))
    assert got.decrypted and got.sender == alice.id, got
    await bob.text(room, "answer")
    await alice.sync_until("the answer", lambda: alice.has_read("answer"))

    phone = await Person(homeserver, "bob", encrypts=True).login()
    await phone.sync()

    def phone_is_known():
        return any(device.id == phone.client.device_id for device in alice.client.device_store.active_user_devices(bob.id))

    await alice.sync_until("Bob's new device", phone_is_known)
    await alice.text(room, "for both")
    for device in (bob, phone):
        await device.sync_until("what is for both", lambda: device.has_read("for both"))

    reader = await Person(homeserver, "bob").login()
    await reader.sync()
    assert reader.bodies() == [], "on the server nothing can be read"
    assert [type(event) for event in reader.events if event.sender == alice.id][-1] is nio.MegolmEvent, reader.events


async def main():
    homeserver, scenario = sys.argv[1:]
    scenarios = [chat, login, receipts_and_typing, resume, history, voice, profile, leaving, encrypted]
    try:
        await {function.__name__: function for function in scenarios}[scenario](homeserver)
    finally:
        for person in Person.everybody:
            await person.client.close()


asyncio.run(main())
