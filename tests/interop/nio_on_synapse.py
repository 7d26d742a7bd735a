"""A person who uses matrix-nio, for a test in which the other side is `hark`.

    python nio_on_synapse.py HOMESERVER FRIEND SOUND DURATION_MS

Registers as bob and prints the user id; accepts FRIEND's invitation; prints what the first voice message announces, as one
JSON object, and puts its sound beside SOUND as received.ogg; answers with SOUND as a voice message and prints that event's id.
"""

import asyncio
import json
import mimetypes
import os
import sys

import nio

DEADLINE = 60


def need(answer, kind):
    assert isinstance(answer, kind), f"wanted {kind.__name__}, got {answer!r}"
    return answer


def say(line):
    print(line, flush=True)


async def talk(client, friend, sound, duration):
    voices = []
    client.add_event_callback(lambda room, event: voices.append((room.room_id, event)), nio.RoomMessageAudio)
    invited = []
    client.add_event_callback(lambda room, event: invited.append((room.room_id, event.sender)), nio.InviteMemberEvent)
    need(await client.register("bob", "correct horse battery"), nio.RegisterResponse)
    say(client.user_id)

    while not voices:
        need(await client.sync(timeout=5000), nio.SyncResponse)
        while invited:
            room, sender = invited.pop()
            assert sender == friend, f"a stranger invites: {sender}"
            need(await client.join(room), nio.JoinResponse)

    room, event = voices[0]
    content = event.source["content"]
    audio = content["org.matrix.msc1767.audio"]
    file = need(await client.download(event.url), nio.MemoryDownloadResponse)
    with open(os.path.join(os.path.dirname(sound), "received.ogg"), "wb") as out:
        out.write(file.body)
    heard = {
        "voice": "org.matrix.msc3245.voice" in content,
        "mimetype": content["info"]["mimetype"],
        "duration": audio["duration"],
        "waveform": audio["waveform"],
    }
    assert content["info"]["duration"] == audio["duration"], content
    assert content["info"]["size"] == len(file.body), content
    say(json.dumps(heard))

    size = os.path.getsize(sound)
    kind = {".m4a": "audio/mp4"}.get(os.path.splitext(sound)[1]) or mimetypes.guess_type(sound)[0]
    with open(sound, "rb") as data:
        answer, _ = await client.upload(lambda *_: data, content_type=kind, filename="voice", filesize=size)
    content = {
        "msgtype": "m.audio",
        "body": "Voice message",
        "url": need(answer, nio.UploadResponse).content_uri,
        "info": {"duration": duration, "mimetype": kind, "size": size},
        "org.matrix.msc1767.audio": {"duration": duration},
        "org.matrix.msc3245.voice": {},
    }
    say(need(await client.room_send(room, "m.room.message", content), nio.RoomSendResponse).event_id)


async def main():
    homeserver, friend, sound, duration = sys.argv[1:]
    client = nio.AsyncClient(homeserver, "bob", config=nio.AsyncClientConfig(encryption_enabled=False))
    try:
        await asyncio.wait_for(talk(client, friend, sound, int(duration)), DEADLINE)
    finally:
        await client.close()


asyncio.run(main())
