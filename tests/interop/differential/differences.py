"""The one list of what we do otherwise than python-socketio, on purpose, and why.

`docs/migrating.md` shows it as a table; `python -m interop.differential --write` puts it there.
What a difference changes in the transcripts of scenarios stands in `changes.py`; whatever else
differs is a fault.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    """What python-socketio does, what we do instead, and why: sentences for who changes over."""

    theirs: str
    ours: str
    why: str


DIFFERENCES: dict[str, Difference] = {
    # Handlers
    "connect handler raises": Difference(
        "An exception in a connect handler leaves the client waiting for an answer.",
        "The client is refused with a general message; the traceback is logged.",
        "It would wait for ever.",
    ),
    "handler raises": Difference(
        "An exception in a handler, a callback or in what becomes an ack is left to asyncio, or is "
        "logged as an error of the connection.",
        "One log record of `socketio.server` names the event and the client.",
        "It is found when it happens, and where one looks for it.",
    ),
    "cancelled": Difference(
        "The client of a handler that is cancelled gets an empty ack; of a connect handler, it is "
        "let in.",
        "No ack; it is refused.",
        "Nobody has decided to let it in.",
    ),
    "connects and disconnects": Difference(
        "Whatever a client sends waits until its connect or disconnect handler has ended.",
        "These handlers are run as any other, those of several namespaces at the same time; "
        "`async_handlers=False` keeps them in order. Events of a client that has no answer to its "
        "CONNECT are left out, with a warning.",
        "A slow handler held up the connection and its heartbeat.",
    ),
    "disconnect handler raises": Difference(
        "A client whose disconnect handler raises stays in its rooms for ever.",
        "It leaves them.",
        "It was a leak.",
    ),
    "type error": Difference(
        "A `TypeError` from inside a connect or disconnect handler calls it again, with fewer "
        "arguments.",
        "The signature tells which arguments a handler takes. Only behind `*args` is it tried.",
        "Half of the handler ran twice.",
    ),
    "lifecycle by a client": Difference(
        "A client may send an event called `connect` or `disconnect`, and runs that handler.",
        "It closes the session.",
        "These are the server's to call.",
    ),
    "annotations": Difference(
        "Annotations of handlers mean nothing.",
        "A pydantic model, a TypedDict, `Socket` and some others are [what the handler asks "
        "for](handlers.md): with `(sid, data: Model)` the data are checked.",
        "What clients send is checked where it comes in.",
    ),
    "after leaving": Difference(
        "A client that has left a namespace, or was disconnected, still gets acks of its events, "
        "and the answer to a CONNECT that it has not waited for.",
        "It gets nothing more.",
        "Clients do not listen any more.",
    ),
    "star": Difference(
        "An event that a client calls `*` is given to the catch-all without its name.",
        "With its name, as any other.",
        "The name is the first argument of every catch-all.",
    ),
    "session of who comes again": Difference(
        "A client that leaves a namespace and joins it again finds its old user session.",
        "It begins with an empty one.",
        "It has a new sid, and has not yet been let in.",
    ),
    # Emitting
    "call without an answer": Difference(
        "The `TimeoutError` of `call()` has no text, and comes when the time is up, also when the "
        "client has left. The callback stays until the client leaves.",
        "It says what happened, and comes at once when no answer can come; the callback is dropped "
        "with the call. Without a timeout it waits, as there.",
        "Nobody has to wait for who has gone; the callback was a leak.",
    ),
    "no rooms": Difference(
        "`emit(room=[])` raises `IndexError`.",
        "It reaches nobody.",
        "A list that happens to be empty is no mistake.",
    ),
    "collections": Difference(
        "A set of rooms raises `TypeError`; a tuple of sids to skip skips nobody.",
        "`room`, `to` and `skip_sid` take any list, tuple or set.",
        "What was meant is plain.",
    ),
    "event name": Difference(
        "`emit(5)` sends an event that no client has a handler for.",
        "`TypeError`.",
        "A mistake is told where it is made.",
    ),
    "data of nobody": Difference(
        "Data that JSON cannot carry raises `TypeError`; but not in `call()`, nor with a callback, "
        "nor when nobody is in the namespace, nor with a manager on Redis or another broker.",
        "`TypeError` at the call, once the server runs, for every manager.",
        "It was lost without a word.",
    ),
    "bytearray": Difference(
        "A `bytearray` ends the WebSocket of who is to get it, under ASGI.",
        "It is an attachment, as bytes are.",
        "Both are documented.",
    ),
    # The wire
    "bad packet": Difference(
        "A packet that breaks a protocol is logged and left out; the next one is taken.",
        "It closes the session.",
        "Both protocols' test suites ask for it.",
    ),
    "many packets": Difference(
        "A polling POST of more than 16 packets is answered 200, and lost.",
        "Up to 1,000 packets and the byte limit are taken; beyond, 400 and the session closes.",
        "Nothing is lost silently.",
    ),
    "bounds": Difference(
        "What one client may cost has no bound but the size of a message.",
        "A session is closed that joins no namespace for 45 s (`connect_timeout`), sends a packet "
        "of more than 10 attachments (`max_attachments`) or 1,000 arguments, or leaves more than "
        "1 MiB (`send_buffer_bytes`) unread for 5 s, or ever more than twice as much. An upgrade "
        "may take 10 s (`upgrade_timeout`). A client may be in 32 namespaces, and in 100,000 rooms "
        "in each. One with 1,000 events that wait for handlers is not read until there are fewer.",
        "No client can use up the server's memory.",
    ),
    "http errors": Difference(
        "Errors of Engine.IO have a JSON string as their body.",
        '`{"code": 1, "message": "Session ID unknown"}`, as the JavaScript server. A forbidden '
        "origin is 403, a body too large 413, an unknown method 400. A POST is answered `ok`.",
        "Clients and proxies can tell them apart.",
    ),
    "transport": Difference(
        "A handshake that names no transport begins to poll. JSONP is offered.",
        "It is refused. There is no JSONP.",
        "The protocol asks for the parameter; JSONP was for browsers before CORS.",
    ),
    "upgrades": Difference(
        "Clients are offered an upgrade to WebSocket also where `transports` leaves it out.",
        "They are not.",
        "It would be refused.",
    ),
    "compression": Difference(
        "A client that takes gzip and deflate gets the one that it names first.",
        "It gets gzip.",
        "It says no more than that it takes both.",
    ),
    "silence": Difference(
        "A client that answers no ping has left with the reason `transport close` or "
        "`ping timeout`, whichever check comes first.",
        "With `ping timeout`, when its time is up.",
        "It is the reason.",
    ),
    "milliseconds": Difference(
        "Times are cut to seconds: `ping_interval=0.5` tells clients `0`.",
        "Exact to the millisecond.",
        "It was wrong.",
    ),
    # Serving
    "peer": Difference(
        "`REMOTE_ADDR` is always `127.0.0.1` under ASGI, and `REMOTE_PORT` `0`.",
        "The peer's address and port.",
        "It was wrong.",
    ),
    "mount": Difference(
        "In a mount, `socketio_path` must repeat the mount's path.",
        "It is found with and without it, and a wrong path is logged once, with the right one.",
        "Everybody stumbles over it.",
    ),
    "asgi": Difference(
        "`ASGIApp` answers a WebSocket that nobody wants, and a request for a directory, with an "
        "error of its own.",
        "The WebSocket is closed; the directory is not found.",
        "These are strangers' requests and no fault of the application's.",
    ),
    "shutdown": Difference(
        "`shutdown()` ends a background task; a mounted server hears nothing of the end.",
        "Clients are closed properly by `shutdown()`, and when the ASGI server stops.",
        "They would wait for the heartbeat.",
    ),
    "frameworks": Difference(
        "`async_mode` may be aiohttp, Sanic or Tornado; `attach()` joins them.",
        "ASGI and the engine's own port; `attach()` raises `RuntimeError`.",
        "These frameworks need python-socketio.",
    ),
    "heartbeat": Difference(
        "`sio.manager`, `sio.eio.ping_interval` and the other options may be set at any time.",
        "Until the server serves; `RuntimeError` from then on.",
        "The clients have been told, and are known. Applications set them at startup.",
    ),
    "unknown option": Difference(
        "An unknown option is taken without a word.",
        "A warning that names the nearest known one.",
        "Misspelled options were lost.",
    ),
    "json": Difference(
        "`json=` sets the module for the whole process.",
        "It is this server's alone.",
        "Two servers may differ.",
    ),
    "serializer": Difference(
        "A `serializer` that is neither name nor class raises `AttributeError` for its `json`.",
        "`TypeError`, which says what it may be.",
        "The mistake is what was given, not what it lacks.",
    ),
    "wrong options": Difference(
        "An interval of no or negative time, a handler that cannot be called, a `client_manager` "
        "that is none: all are taken, and fail when they are used.",
        "`TypeError` or `ValueError` where they are given.",
        "It is a mistake in one line, found there.",
    ),
    "msgpack": Difference(
        'In msgpack a DISCONNECT has `"data": nil`.',
        "It has no data.",
        "The JavaScript parser refuses nil: its client would report a parse error.",
    ),
    "rooms": Difference(
        "`manager.rooms` and `sio.environ` are dictionaries that may be changed.",
        "`manager.rooms` is a live view that is read only; from `sio.environ` no session can be "
        "taken out. `sid in rooms[...]` and `sio.rooms(sid)` cost the client's rooms, not "
        "everybody's.",
        "The rooms and sessions are the engine's.",
    ),
    "clients": Difference(
        "Clients, the synchronous server and its managers are there.",
        "They are python-socketio's own, passed on, if it is installed.",
        "They are not rewritten.",
    ),
    "log": Difference(
        "Each packet is logged where it is dealt with, at level INFO.",
        "So it is if `engineio.server` has that level when the server is made. Lines of the engine "
        "may come some milliseconds after those of Python.",
        "The engine makes no lines that nobody reads.",
    ),
}


def table() -> str:
    """The list as `docs/migrating.md` has it."""
    rows = [("python-socketio", "sio_native", "why"), ("---", "---", "---")]
    rows += [(each.theirs, each.ours, each.why) for each in DIFFERENCES.values()]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    lines[1] = "|---|---|---|"
    return "\n".join(lines)
