"""A client of the Syncline protocol, version 1, in another language, written from docs/protocol.md alone.

    python3 python-client.py SCENARIO ADDRESS [TOKEN]

Prints one JSON object a line: {"step": name, ...}. The test that starts it judges them, and does on the hub
what the steps that end in "?" ask for.
"""

import asyncio
import base64
import hashlib
import json
import secrets
import sys
from urllib.parse import quote

import websockets

SUBPROTOCOL = "syncline.1"


def tell(step, **fields):
    print(json.dumps({"step": step, **fields}), flush=True)


def public_id(secret):
    """"Connecting": the first 16 characters of base64url of SHA-256 over the secret's UTF-8 bytes."""
    digest = hashlib.sha256(secret.encode("utf-8")).digest()
    return base64.urlsafe_b64encode(digest).decode("ascii")[:16]


def channel_name(pattern, **params):
    """"Channels": each parameter as by ECMAScript's encodeURIComponent, which leaves A-Z a-z 0-9 - _ . ! ~ * ' ( ) alone."""
    return "/".join(
        quote(params[segment[1:]], safe="-_.!~*'()") if segment.startswith(":") else segment
        for segment in pattern.split("/")
    )


class Channel:
    """What a client holds of one channel: where it stands, and whether entries may be handed on."""

    def __init__(self, name):
        self.name = name
        self.cid = None
        self.ref = None
        self.position = None
        self.is_live = False


class Client:
    opened = []

    def __init__(self, socket, session):
        self.socket = socket
        self.session = session
        self.last_ref = 0
        self.by_cid = {}
        self.by_ref = {}
        self.heard = asyncio.Queue()
        self.lose_next = False

    @classmethod
    async def connect(cls, address, session=None, token=None, version=1):
        # Python's library pings by itself with the control frames of WebSocket; the document wants none.
        socket = await websockets.connect(address, subprotocols=[SUBPROTOCOL], ping_interval=None)
        if socket.subprotocol != SUBPROTOCOL:
            await socket.close()
            raise RuntimeError("the server speaks something else")
        client = cls(socket, session or secrets.token_urlsafe(32))
        client.opened.append(client)
        hello = {"registry": [version, ""], "session": client.session}
        if token is not None:
            hello["token"] = token
        await client.send("hello", hello)
        return client

    async def send(self, *frame):
        await self.socket.send(json.dumps(frame))

    async def welcome(self):
        frame = await self.next("welcome")
        return frame[1]

    async def next(self, *types):
        """The next frame of one of these types. What must be answered, or belongs to a channel, is done on the way."""
        while True:
            while self.heard.empty():
                await self.read()
            frame = self.heard.get_nowait()
            if frame[0] in types:
                return frame

    async def read(self):
        message = await self.socket.recv()
        if not isinstance(message, str):
            raise RuntimeError("a binary message")
        value = json.loads(message)
        for frame in value if isinstance(value[0], list) else [value]:
            await self.take(frame)

    async def take(self, frame):
        kind = frame[0]
        if kind == "ping":
            await self.send("pong", *frame[1:2])
        elif kind == "subscribed":
            self.subscribed(*frame[1:4])
        elif kind == "ev":
            await self.entry(frame)
            return
        self.heard.put_nowait(frame)

    async def subscribe(self, channel):
        self.last_ref += 1
        channel.ref = self.last_ref
        # "Answers are fences": what comes before the answer belongs to the subscription before it.
        channel.is_live = False
        self.by_ref[channel.ref] = channel
        options = [{"since": channel.position}] if channel.position else []
        await self.send("sub", channel.ref, channel.name, *options)

    def subscribed(self, ref, cid, options):
        channel = self.by_ref.pop(ref, None)
        if channel is None or channel.ref != ref:
            return
        self.by_cid.pop(channel.cid, None)
        channel.cid = cid
        self.by_cid[cid] = channel
        channel.is_live = True
        if options["recovered"] is False:
            channel.position = options["position"]
            self.heard.put_nowait(["gap to tell", options["reason"], options["position"]])
        elif options["recovered"] is None:
            channel.position = options["position"]

    async def entry(self, frame):
        """"Positions and recovery": a duplicate is dropped, the next one handed on, anything else is a hole or a fork."""
        _, cid, offset, tag, previous = frame[:5]
        channel = self.by_cid.get(cid)
        if channel is None or not channel.is_live:
            return
        if self.lose_next:
            self.lose_next = False
            return
        epoch, at, last = channel.position
        if (offset, tag) == (at, last):
            return
        if offset == at + 1 and previous == last:
            channel.position = [epoch, offset, tag]
            self.heard.put_nowait(frame)
            return
        self.heard.put_nowait(["hole", offset, at])
        await self.subscribe(channel)

    async def end(self):
        """Waits for the end of the connection and tells its code and reason."""
        try:
            while True:
                await self.read()
        except websockets.ConnectionClosed as closed:
            received = closed.rcvd
            return {
                "code": received.code if received else 1006,
                "reason": received.reason if received else "",
            }


async def listen(address, token):
    client = await Client.connect(address)
    welcome = await client.welcome()
    tell("welcome", options=welcome, derived=public_id(client.session))

    lobby = Channel("lobby")
    await client.subscribe(lobby)
    tell("subscribed", options=(await client.next("subscribed"))[3])
    await client.next("live")
    tell("publish?", sender=welcome["client"])
    for _ in range(2):
        frame = await client.next("ev")
        tell("event", offset=frame[2], time=frame[5], sender=frame[6], name=frame[7], data=frame[8])
    tell("position", position=lobby.position)

    await client.send("ping", 41)
    tell("pong", frame=await client.next("pong"))
    await client.send("ping")
    tell("pong", frame=await client.next("pong"))

    game = Channel(channel_name("game/:code", code="ü/💡 %"))
    await client.subscribe(game)
    await client.next("live")
    await client.send("unsub", 1_000, lobby.name)
    answer = await client.next("unsubscribed")
    tell("unsubscribed", ref=answer[2], is_its_number=answer[1] == lobby.cid)
    tell("publish to both?", channel=game.name)
    frame = await client.next("ev")
    tell("event", name=frame[7], data=frame[8])
    await client.socket.close(1000)
    tell("closed", code=client.socket.close_code)


async def hole(address, token):
    """Loses one entry on its way, and finds by the tags that it did."""
    client = await Client.connect(address)
    await client.welcome()
    lobby = Channel("lobby")
    await client.subscribe(lobby)
    await client.next("live")
    tell("publish?")
    await client.next("ev")
    client.lose_next = True
    # One is lost, the next one shows it.
    tell("publish?")
    tell("publish?")
    _, offset, at = await client.next("hole")
    tell("hole", offset=offset, at=at)
    _, reason, position = await client.next("gap to tell")
    tell("gap", reason=reason, offset=position[1])
    await client.next("live")
    tell("publish?")
    frame = await client.next("ev")
    tell("event", offset=frame[2], follows=frame[2] == position[1] + 1 and frame[4] == position[2])


async def recover(address, token):
    """Comes back with its session and its position on a new connection."""
    client = await Client.connect(address)
    first = await client.welcome()
    lobby = Channel("lobby")
    await client.subscribe(lobby)
    await client.next("live")
    tell("publish?")
    await client.next("ev")
    first_tag = lobby.position[2]
    client.socket.transport.abort()
    tell("cut")

    again = await Client.connect(address, session=client.session)
    welcome = await again.welcome()
    tell("welcome", same=welcome["client"] == first["client"])
    lobby.cid = None
    await again.subscribe(lobby)
    tell("subscribed", options=(await again.next("subscribed"))[3], held=lobby.position)
    await again.next("live")
    tell("publish?")
    frame = await again.next("ev")
    tell("event", offset=frame[2])
    epoch, offset, tag = lobby.position
    for since in (["elsewhere", offset, tag], [epoch, offset, "forged"], [epoch, 1, "old"]):
        lobby.position = since
        await again.subscribe(lobby)
        options = (await again.next("subscribed"))[3]
        tell("subscribed", options=options, is_top=options["position"] == [epoch, offset, tag])
        await again.next("live")
    lobby.position = [epoch, 1, first_tag]
    await again.subscribe(lobby)
    options = (await again.next("subscribed"))[3]
    frame = await again.next("ev")
    tell("replayed", recovered=options["recovered"], offset=frame[2], follows=frame[4] == first_tag)
    await again.next("live")


async def refused(address, token):
    """Asks for what it may not have."""
    client = await Client.connect(address)
    await client.welcome()
    for name in ("inbox/somebody-else", "no/such/channel", "~presence/lobby"):
        await client.subscribe(Channel(name))
        answer = await client.next("err", "subscribed")
        tell("answer", kind=answer[0], ref_fits=answer[1] == client.last_ref, code=answer[2], line=answer[3])
    await client.send("of a later version", {"anything": True})
    tell("answer", frame=(await client.next("err"))[:3])
    await client.send("pub", 1, 1, "lobby", "said", {"text": "hi"})
    tell("answer", frame=(await client.next("nak"))[:4])
    await client.socket.send(json.dumps([["ping", 1], ["ping", 2]]))
    tell("batch", echoes=[(await client.next("pong"))[1] for _ in range(2)])


async def upgrade(address, token):
    """Is refused before the upgrade where it does not offer the subprotocol, or comes from a foreign page."""
    for offer, origin in ((None, None), (["chat"], None), ([SUBPROTOCOL], "https://elsewhere.example")):
        try:
            await websockets.connect(address, subprotocols=offer, origin=origin)
            tell("upgrade", status=101)
        except websockets.InvalidStatusCode as refusal:
            tell("upgrade", status=refusal.status_code)


async def closes(address, token):
    """Does what a hub must answer by closing, and tells the codes."""

    async def case(name, *messages, greet=True, **how):
        if greet:
            client = await Client.connect(address, **how)
            await client.welcome()
        else:
            client = Client(await websockets.connect(address, subprotocols=[SUBPROTOCOL]), "")
        for message in messages:
            await client.socket.send(message)
        tell("closed", case=name, **(await client.end()))

    deep = "[" * 200 + "]" * 200
    await case("no JSON", "{")
    await case("no array", '{"type":"ping"}')
    await case("empty", "[]")
    await case("wrong shape", '["sub","1","lobby"]')
    await case("second hello", json.dumps(["hello", {"registry": [1, ""], "session": "x" * 30}]))
    await case("binary", b'["ping"]')
    await case("deep", deep)
    await case("proto", '["tell","lobby","x",{"\\u005f_proto__":1}]')
    await case("large", json.dumps(["tell", "lobby", "x", "y" * 300_000]))
    await case("early", '["ping"]', greet=False)
    await case("guessable", json.dumps(["hello", {"registry": [1, ""], "session": "short"}]), greet=False)


async def admission(address, token):
    """Comes in, or not, as its token, its session and its registry's version deserve."""
    older = await Client.connect(address, token="anna", version=2)
    await older.welcome()
    newer = await Client.connect(address, session=older.session, token="anna", version=2)
    tell("welcome", resumed=(await newer.welcome())["resumed"])
    tell("closed", case="older connection", **(await older.end()))
    for case, how in (
        ("no token", {"version": 2}),
        ("old registry", {"version": 1, "token": "anna"}),
        ("session of another", {"version": 2, "token": "eve", "session": older.session}),
    ):
        client = await Client.connect(address, **how)
        tell("closed", case=case, **(await client.end()))


async def silent(address, token):
    """Says hello and then nothing: is pinged, and sent away when it does not answer."""
    mute = await Client.connect(address)
    await mute.welcome()
    original = mute.take

    async def take(frame):
        if frame[0] == "ping":
            tell("advance?", pinged=True)
        else:
            await original(frame)

    mute.take = take
    tell("advance?", pinged=False)
    tell("closed", case="silent", **(await mute.end()))

    alive = await Client.connect(address)
    await alive.welcome()
    tell("advance?", pinged=False)
    await alive.next("ping")
    await alive.send("ping", 5)
    await alive.next("pong")
    tell("advance?", pinged=True)
    await alive.send("ping", 6)
    tell("pong", frame=await alive.next("pong"))

    late = await websockets.connect(address, subprotocols=[SUBPROTOCOL], ping_interval=None)
    tell("advance?", pinged=False)
    tell("closed", case="no hello", **(await Client(late, "").end()))


SCENARIOS = {
    run.__name__: run for run in (listen, hole, recover, refused, upgrade, closes, admission, silent)
}


async def main(scenario, address, token=None):
    try:
        await SCENARIOS[scenario](address, token)
    finally:
        for client in Client.opened:
            await client.socket.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
