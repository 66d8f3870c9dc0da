"""The compiled engine. Only `sio_native`'s own modules call it; users call `AsyncServer`.

Every method is safe from any thread unless it says otherwise, releases the GIL before it posts to
the engine's thread, and raises `RuntimeError` in a forked child of the process that started it.
"""

from builtins import list as _List
from collections.abc import Callable, Generator, Sequence
from typing import Any, Final, TypeAlias, final

from .disconnect_reason import Detail
from .types import PresenceData, PresenceEntry, RequestHead

__version__: Final[str]

# First item of each tuple that `Engine.drain` returns, and what follows it:
EVENT: Final[int]  # sid, namespace, eio_sid, args (event name first), ack id or None
CONNECT: Final[int]  # sid, namespace, eio_sid, auth or None; the exception if it cannot be had
DISCONNECT: Final[int]  # sid, namespace, eio_sid, reason (of CLOSE_REASONS)
ACK: Final[int]  # token, sid, args: one client's answer to an emit that had this token
ACKS_DONE: Final[int]  # token: no more answers will come for it
SESSION_CLOSED: Final[int]  # eio_sid: it is closed, and the last of its sids given up: refused, or
# disconnect_done
HTTP_RESPONSE: Final[int]  # exchange, status, headers, body, eio_sid or None (of a new session)
WS_ACCEPT: Final[int]  # connection, eio_sid, headers
WS_REJECT: Final[int]  # connection, status, headers, body
WS_SEND: Final[int]  # connection, data (str or bytes)
WS_CLOSE: Final[int]  # connection, code: send the close after what was sent before
WS_PAUSE: Final[int]  # connection: stop calling receive() until WS_RESUME
WS_RESUME: Final[int]  # connection
ADOPTED: Final[int]  # id, eio_sid or None, status: how the handshake that `Engine.adopt` took over
# was answered (101: accepted, 0: the connection broke); before anything else about the session,
# but for EIO_OPEN or REQUEST: then there is one with status 100 before, and the id that they have
LOG: Final[int]  # "socketio" or "engineio", logging level, text
OPENING: Final[int]  # exchange or connection, id: EIO_OPEN or REQUEST with this id follows
ORIGIN: Final[int]  # shard, question, request head as from `Engine.request_head`: is its origin
# allowed? `Engine.origin_judged` answers
STREAM_CANCELLED: Final[int]  # stream: a client wants no more of it
ROOM_QUESTION: Final[int]  # sid, namespace, room: may it join? `Engine.room_judged` answers
PRESENCE: Final[int]  # namespace, topic, what has changed as JSON: see `presence.on_change`
RECOVERY: Final[int]  # step, sid, namespace: "kept", with its DISCONNECT, of a client that may come
# back; "resumed", with its CONNECT, when it has; "expired" when it will not
# sid, namespace, eio_sid, room, whether it has joined: see `Engine.watch_rooms`; to be counted with
# events_done
ROOM_CHANGED: Final[int]
YJS: Final[int]  # what, and what follows it:
# "access", document, sid, namespace, auth or None, user or None: `Engine.yjs_access` answers
# "load", document: `Engine.yjs_loaded` or `Engine.yjs_not_loaded` does
# "fault", document, damaged, of how many, why the seed is none or "": what was loaded
# "keep", document, epoch, number, update: `Engine.yjs_kept`, in order; without bytes: forget all
# "store", document, epoch, number, snapshot, data or None, replaces: `Engine.yjs_stored`
# "answer", question, ok, data: of what has a question

# Of an engine with a custom packet_format, in the place of EVENT and ACK:
FRAME: Final[int]  # eio_sid, data (str or bytes); to be counted with events_done

# Of an engine with the option "raw", in the place of the first six:
# id, whether it opens a session (which will have the id), request head: it waits for
# `Engine.admit_session` or `Engine.admit_request`, or for `Engine.refuse_session`
REQUEST: Final[int]
REQUEST_WITHDRAWN: Final[int]  # id: it waits no more, and no answer is needed
REFUSED: Final[int]  # error code, why, request head: see `Engine.set_door_interest`
EIO_OPEN: Final[int]  # eio_sid, transport: waits for `Engine.admit_session` or `refuse_session`
EIO_MESSAGE: Final[int]  # eio_sid, data (str or bytes)
EIO_CLOSE: Final[int]  # eio_sid, reason, transport: once for each session, and for each that was
# admitted after its client had gone

# Why a client or a session has ended: python-socketio's reason and its detail, by number; and the
# numbers that Python has a use for.
CLOSE_REASONS: Final[tuple[tuple[str, Detail], ...]]
SERVER_DISCONNECT: Final[int]
SERVER_SHUTDOWN: Final[int]
CLIENT_LEFT: Final[int]

# What `Engine.enter_room` and `Engine.close_room` answer.
ROOM_OK: Final[int]
ROOM_UNKNOWN_SID: Final[int]
ROOM_UNKNOWN_NAMESPACE: Final[int]
ROOM_IS_SID: Final[int]  # the room is another client's own room
ROOM_LIMIT: Final[int]  # the client is in the largest number of rooms allowed

@final
class Runner:
    """A coroutine of the engine's: steps handlers inside the task that it is given."""

    @property
    def __name__(self) -> str: ...
    @property
    def __qualname__(self) -> str: ...
    def send(self, value: Any, /) -> Any: ...
    def throw(self, *args: Any) -> Any: ...
    def close(self) -> None: ...
    def __await__(self) -> Generator[Any]: ...
    def __iter__(self) -> Runner: ...
    def __next__(self) -> Any: ...

@final
class HandlerQueue:
    """What clients have done and no handler has dealt with. On the loop's thread alone."""

    verbose: bool  # `received` is called
    gives_acks: bool  # `ack` is called
    @property
    def unfinished(self) -> int:
        """0: no handler waits to begin, and none is under way."""

    def forget(self) -> None:
        """Handlers have changed: ask `entry` again."""

    def start(self) -> None:
        """Start a runner if there is something for it."""

    def abandon(self) -> None:
        """The loop is gone, and its tasks with it; what has not begun waits for the next start."""

# model, user, groups, minute (Unix time // 60), input, output, total, events
_Row: TypeAlias = tuple[str, str, tuple[str, ...], int, int, int, int, int]

class UsageMeter:
    """Counts tokens. Any thread; each call holds a lock of its own for about a microsecond."""

    def __init__(
        self,
        *,
        most_ids: int = 1_000_000,
        id_seconds: int = 86_400,
        keep_minutes: int = 1500,
        in_use_seconds: float = 3.0,
        reservation_seconds: float = 600.0,
        flush_records: int = 1000,
    ) -> None: ...
    def record(
        self,
        model: str,
        prompt_tokens: int,
        completion_tokens: int,
        total_tokens: int | None,
        user: str | None,
        id: str | None,
        at: int = 0,
        /,
    ) -> bool:
        """See `Usage.record`; `at` 0 is now."""

    def record_many(self, records: Sequence[Any], /) -> list[bool]: ...
    def totals(self) -> list[_Row]:
        """Of each model and set of groups; user and minute say nothing."""

    def rows(
        self, from_minute: int, model: str | None, user: str | None, group: str | None, /
    ) -> list[_Row]: ...
    def statistics(self) -> dict[str, int]: ...
    def declare(
        self,
        name: str,
        models: Sequence[str],
        starts: Sequence[int],
        rolling_minutes: int,
        limit: int | None,
        /,
    ) -> bool:
        """A group. `starts`: minutes at which its window begins; False: there are too many."""

    def state(self, group: str, /) -> tuple[int, int, int, int, int, int | None, int | None] | None:
        """input, output, total, events, reserved, limit, Unix time of the reset."""

    def try_reserve(self, group: str, tokens: int, /) -> int | None: ...
    def release(self, reservation: int, /) -> bool: ...
    def commit(
        self,
        reservation: int,
        model: str,
        prompt_tokens: int,
        completion_tokens: int,
        total_tokens: int | None,
        user: str | None,
        id: str | None,
        /,
    ) -> bool: ...

    # For a store.
    def collect(self, seq: int, journal_folder: str | None, each: bool, /) -> None:
        """Keep what is counted from now on for `take`; `seq` is the first batch's."""

    def wait(self, seconds: float, /) -> bool:
        """Until 1,000 records have come, or `wake`, or the time is up. Is there anything?"""

    def wake(self) -> None: ...
    def take(
        self,
    ) -> tuple[int, list[_Row], list[tuple[str, int, int, int, int, int]]] | None:
        """seq, rows, and ids: (id, row, input, output, total, at). `OSError` of the journal."""

    def replay(self, path: str, pending: bool, /) -> int:
        """Count what a journal file has; with `pending` for `take`. How many records."""

    def restore(
        self,
        model: str,
        user: str,
        groups: Sequence[str],
        minute: int,
        prompt_tokens: int,
        completion_tokens: int,
        total_tokens: int,
        events: int,
        /,
    ) -> bool: ...
    def remember(self, ids: Sequence[tuple[str, int]], /) -> None:
        """Ids that a store has, and when they were counted; oldest first."""

class Engine:
    """Sessions, namespaces and rooms on a thread of their own.

    Between `start` and `close` the engine runs. Before and after, posted commands are dropped and
    questions answer as if there were no client.
    """

    def __init__(self, options: dict[str, Any], /) -> None:
        """`options`: see `options.engine_options`. Raises `ValueError` on one it does not know."""

    def start(self) -> None:
        """Start the engine's thread. No-op when it runs."""

    def close(self, timeout: float = 2.0) -> None:
        """Close every client (reason "server disconnect"), stop listening, join the thread.

        Waits at most `timeout` seconds for bytes under way. What was not drained still can be.
        """

    def abandon(self) -> None:
        """In a forked child: forget the thread, which exists in the parent only."""

    @property
    def running(self) -> bool: ...
    def fileno(self) -> int:
        """The descriptor that becomes readable when `drain` has something to return."""

    def drain(
        self, limit: int = 4096, handlers: HandlerQueue | None = None
    ) -> list[tuple[Any, ...]]:
        """Take what the engine has to tell, in order, at most `limit` items. One thread at a time.

        EVENT, CONNECT, DISCONNECT and SESSION_CLOSED go to `handlers`, which is started. When more
        is left, the descriptor stays readable.
        """

    # What the application wants to hear.
    def on_turn_end(self, at_end: Callable[[], object] | None, /) -> None:
        """The running thread is the loop's; `at_end()` schedules `end_turn` for this turn's end.

        Then only the first command of a turn wakes the engine at once. None: there is no loop.
        """

    def end_turn(self) -> None: ...
    def use_codec(
        self,
        *,
        dumps: Callable[[Any], tuple[str | bytes, list[bytes]]] | None = None,
        loads: Callable[..., Any] | None = None,
        rebuild: Callable[[Any, list[bytes]], Any] | None = None,
        binary: bool = False,
        attachments: bool = True,
    ) -> None:
        """Encode and decode by these; see `json_codec.Codec`. Before the start."""

    def handler_queue(
        self,
        *,
        start: Callable[[Runner], object],
        alone: Callable[[], bool],
        entry: Callable[[str, str], tuple[Any, str | None, tuple[str, ...]] | bool | None],
        resolve: Callable[[str, str, list[Any]], Any],
        step: Callable[..., tuple[Callable[[], Any] | None, Callable[[], None] | None]],
        failed: Callable[[Exception, str | None, str | None, str | None], None],
        received: Callable[[list[Any], str, str], None],
        ack: Callable[[str, str, str, int | None], Any],
        not_handled: object,
    ) -> HandlerQueue:
        """A queue that runs handlers on the loop's thread.

        `start(runner)` puts a runner into a task of the running loop; `alone()`, asked before,
        says whether each handler is to have a task made for it. `entry(event, namespace)` says
        whom to call for an event: a target, its attribute or None, and what goes in front of sid
        and arguments; None if nobody handles it; False if `resolve(event, namespace, [sid,
        *args])` is to be called instead, each time, for its result. `step(kind, ...)` gets what is
        no event; it returns what begins it and what is called when it has ended, in whichever way,
        each a function or None. What the first returns is awaited if it can be. When the task is
        cancelled before it has begun, the second is called alone. `failed(error, event, sid,
        namespace)` hears of exceptions, `received([event, *args], sid, namespace)` of each event
        if the queue is `verbose`; it must leave the list as it is. If it `gives_acks`, `ack(event,
        sid, namespace, ack_id)` is called in the context of each handler, before it; when what it
        returns has been `taken` by the end, the result is not sent as an ack. Nor is a result that
        is `not_handled`.
        """

    def set_interest(
        self,
        namespaces: Sequence[str] | None,
        handlers: Sequence[tuple[str, str]],
        everything: bool,
    ) -> None:
        """Which namespaces a client may join (None: any), and what is delivered.

        `handlers` are `(namespace, event)` pairs, each of which may be "*"; an event that none of
        them wants ends in the engine. Without a "connect" handler for its namespace a client is
        accepted at once. `everything` delivers all.
        """

    # Commands. `data` as in `AsyncServer.emit`: None, one value, or a tuple of arguments.
    @property
    def quick_emit(self) -> Callable[[str, Any, Any, Any, Any, Any], bool]:
        """`(event, data, namespace, to, room, skip_sid)` as `AsyncServer.emit` has them.

        False: not of the everyday kind, `emit` is to be called instead. A new function each time,
        for this engine.
        """

    def emit(
        self,
        event: str,
        data: Any,
        namespace: str,
        rooms: Sequence[str] | None,
        skip_sids: Sequence[str],
        token: int = 0,
        except_rooms: Sequence[str] = (),
        is_volatile: bool = False,
        compress: bool = True,
        /,
    ) -> None:
        """Send an event to rooms (None: the whole namespace). Encodes before it returns.

        A `token` other than 0 asks for acks: one ACK for each answer, then ACKS_DONE.
        Raises `TypeError` for data that JSON cannot carry.
        """

    def forget_token(self, token: int, /) -> None:
        """No ACK and no ACKS_DONE is wanted for this token any more."""

    def send_ack(self, sid: str, namespace: str, ack_id: int, data: Any, /) -> None: ...
    def accept(self, sid: str, namespace: str, /) -> None:
        """The connect handler let this client in."""

    def refuse(self, sid: str, namespace: str, reason: Any, /) -> None:
        """The connect handler refused: CONNECT_ERROR with this payload.

        `ValueError`, or that of the encoder, for what cannot be in one, bytes for instance.
        """

    def disconnect(self, sid: str, namespace: str, /) -> None:
        """Send DISCONNECT; a DISCONNECT notification follows. Unknown or pending sid: no-op."""

    def disconnect_done(self, sid: str, namespace: str, /) -> None:
        """The disconnect handler has ended: rooms and sid are given up."""

    def events_done(self, eio_sid: str, count: int, /) -> None:
        """So many of this session's events have been handled; at 1,000 unhandled it is not read."""

    def close_session(self, eio_sid: str, /) -> None:
        """Close the Engine.IO session and so all its namespaces."""

    def close_sessions(
        self, eio_sids: Sequence[str], reason: int, when_sent: bool = False, /
    ) -> None:
        """Close many, for one of CLOSE_REASONS; with `when_sent` each as soon as it was sent all.

        One whose client does not read stays open then. Unknown ones are left out.
        """

    # Of an engine with the option "raw": Engine.IO without Socket.IO above it.
    def set_raw_interest(self, decides: bool, messages: bool) -> None:
        """Whether a new session waits for `admit_session`, and whether messages are delivered."""

    def set_door_interest(self, decides: bool, requests: bool, refusals: bool) -> None:
        """Of Socket.IO: whether new sessions, and each request of a session, are told as REQUEST
        and wait; whether REFUSED is told."""

    def admit_session(
        self,
        eio_sid: str,
        name: str,
        closes: bool,
        headers: list[tuple[bytes, bytes]] = [],
        /,
    ) -> None:
        """Open the session of an EIO_OPEN, or of a REQUEST.

        One that is not open by then is told by EIO_CLOSE.

        `name`, if it is not empty, is what its client knows in the place of the eio_sid: URL-safe,
        and no other session's. With `closes` it ends after what has been sent to it so far. Under
        Socket.IO `headers` are added to the answer, and who has gone is told by SESSION_CLOSED.
        """

    def admit_request(self, id: str, headers: list[tuple[bytes, bytes]], /) -> None:
        """Let a REQUEST that opens no session go on; `headers` are added to its answer."""

    def refuse_session(self, id: str, status: int, body: str, /) -> None:
        """Answer an EIO_OPEN or a REQUEST with this HTTP status and JSON."""

    def send_packet(self, eio_sid: str, kind: int, data: str | bytes, /) -> None:
        """Send an Engine.IO packet, of any engine. Bytes are a binary message, whatever `kind` is.

        What is sent before the session is admitted follows its open packet.
        """

    # Rooms. The names are what `rooms.room_key` made of the user's.
    def enter_room(self, sid: str, namespace: str, room: str, /) -> int: ...
    def leave_room(self, sid: str, namespace: str, room: str, /) -> None: ...
    def close_room(self, room: str, namespace: str, /) -> int: ...
    # Questions: answered by the engine's thread in order with the commands before them.
    def rooms(self, sid: str, namespace: str, /) -> list[str]: ...
    def participants(
        self,
        namespace: str,
        rooms: Sequence[str] | None,
        except_rooms: Sequence[str] = (),
        /,
    ) -> list[tuple[str, str]]:
        """(sid, eio_sid) of the members of any of the rooms; None: the whole namespace.

        Not of those who are in one of `except_rooms`, too.
        """

    def receivers(
        self,
        namespace: str,
        sids: Sequence[str],
        rooms: Sequence[str] | None,
        skip_sids: Sequence[str] = (),
        except_rooms: Sequence[str] = (),
        /,
    ) -> list[str]:
        """Those of the sids that an emit with these arguments is for, in no order."""

    def away(
        self,
        namespace: str,
        rooms: Sequence[str] | None,
        except_rooms: Sequence[str] = (),
        /,
    ) -> list[str]:
        """The sids of those who are away, and may come back to these rooms."""

    def room_size(self, namespace: str, room: str | None, /) -> int:
        """How many members a room has; None: the whole namespace."""

    def in_room(self, sid: str, namespace: str, room: str, /) -> bool: ...
    def namespaces(self) -> list[str]:
        """Those that a client is in."""

    def room_names(self, namespace: str, /) -> list[str]: ...
    def is_connected(self, sid: str, namespace: str, /) -> bool: ...
    def eio_sid(self, sid: str, namespace: str, /) -> str | None: ...
    def sid(self, eio_sid: str, namespace: str, /) -> str | None: ...
    def transport(self, eio_sid: str, /) -> str | None:
        """ "polling" or "websocket"; None for an unknown session."""

    def transport_path(self, eio_sid: str, /) -> str | None:
        """By which door the session's transport came: "listen", "handoff" or "bridge"."""

    def request_head(self, eio_sid: str, /) -> dict[str, Any] | None:
        """The request that opened the session: method, path, query, http_version, headers,
        remote (address, port), local (address, port), secure. Known until SESSION_CLOSED."""

    def sessions(self) -> list[str]:
        """Those that have a request_head; of a raw engine those that are open."""

    def origin_judged(self, shard: int, question: int, allowed: bool, /) -> None:
        """The answer to an ORIGIN. Until then the request waits."""

    def catch_up(self) -> None:
        """Wait until the engine has carried out all that this thread has posted."""

    def settled(self) -> bool:
        """All that was posted is carried out, what follows from it is sent and drained, and no
        client waits for the loop that relays it to come round."""

    def stats(self) -> dict[str, int]:
        """sessions, sockets, rooms, connections (the engine's own), queued_bytes."""

    # For administrators.
    def admin_stats(self) -> dict[str, Any]:
        """Counted since the engine began: sessions `opened` and `closed`, `packets_in`,
        `packets_out`, `bytes_in`, `bytes_out` of Engine.IO.

        Now: `sessions`, those of them that are `polling`, and `sockets`: how many each namespace
        has, but for those with none.

        `recovery`, None without the option: clients that are `away` and `bytes` kept for all, now;
        and those `recovered`, `given_up` while they were away, and `refused` as the ones that they
        said they had been.
        """

    def describe(
        self, namespace: str, sids: Sequence[str], /
    ) -> list[tuple[str, str, str, list[str], dict[str, Any], float]]:
        """sid, eio_sid, transport, rooms, the head of the request that opened its session as
        `request_head` has it, and the seconds since.

        Of those that are in the namespace and whose session is open, in no order. Ask for some
        hundred at a time.
        """

    # --- shared documents: see `yjs` ---
    def yjs_serve(self, options: dict[str, Any], /) -> None:
        """Share documents from here on, until the engine is closed. `ValueError` for an unknown
        option, `RuntimeError` if the engine does not run."""

    def yjs_access(self, sid: str, namespace: str, document: str, may: int, user: str, /) -> None:
        """0: none, 1: read, 2: write. `user`: JSON, who it is; empty: who it says."""

    def yjs_loaded(
        self,
        document: str,
        epoch: str,
        number: int,
        updates: Sequence[bytes],
        seed: bytes,
        content: str,
        /,
    ) -> None:
        """`seed`: the first update if there are none; `content`: JSON, for editors to make it."""

    def yjs_not_loaded(self, document: str, /) -> None: ...
    def yjs_kept(self, document: str, number: int, /) -> None: ...
    def yjs_stored(self, document: str, stored: bool, /) -> None: ...
    def yjs_snapshot(self, question: int, document: str, /) -> None: ...
    def yjs_apply(self, question: int, document: str, update: bytes, /) -> None: ...
    def yjs_clear(self, question: int, document: str, /) -> None: ...
    def yjs_members(self, question: int, document: str, /) -> None:
        """The sids of those who are in it, as a JSON list."""

    def yjs_documents(self, question: int, sid: str, /) -> None:
        """The documents that a client is in, as a JSON list."""

    def yjs_put_out(self, document: str, sid: str, /) -> None:
        """Take a member out of a document, or do not let it in if it is about to come."""

    def yjs_bound(self, sid: str, user: str, /) -> None:
        """A client is another user's now; "": nobody's. Access is asked for again."""

    def yjs_flush(self, failed_too: bool, /) -> int:
        """Store at once what would be stored later; how many documents are not yet stored.

        `failed_too`: also those whose last try has failed, before their next one.
        """

    def yjs_stats(self) -> dict[str, Any]: ...
    def queued_bytes(self, eio_sid: str, /) -> int | None:
        """What the session has yet to send, without what its transport has taken; None for an
        unknown one."""

    def slowest(self, most: int, /) -> _List[tuple[str, int]]:
        """eio_sid and `queued_bytes` of those that have some: at most so many, largest first."""

    # Rules of rooms: see `room_rules.py`.
    def set_room_rules(
        self,
        query: Sequence[tuple[str, str, str, Sequence[tuple[str, str]]]],
        events: Sequence[tuple[str, str, bool, str, str, Sequence[tuple[str, str]]]],
        asked: Sequence[tuple[str, str]],
        switches: Sequence[str],
    ) -> None:
        """From now on, in the place of all before; for an engine that runs.

        `query`: namespace, parameter, message, and (pattern, room) pairs. `events`: namespace,
        event, whether it leaves, name of the value, message, and pairs. `asked`: namespace and
        glob of rooms that ROOM_QUESTION is about. `switches`: namespaces with "room:switch". Raises
        `ValueError` for what cannot be read.
        """

    def room_judged(self, sid: str, namespace: str, room: str, allowed: bool, /) -> None: ...
    def revoke_room(self, sid: str, namespace: str, room: str, /) -> bool:
        """Out, told, and not in again by itself. False: there is no such client."""

    def watch_rooms(self) -> list[tuple[str, str, int]]:
        """From now on ROOM_CHANGED is told, of connected clients. Returns who is where: namespace,
        room, and how many; a room of several shards several times, and a client's own not at all.
        """

    def room_counts(self, namespace: str, /) -> tuple[int, list[tuple[str, int, int]]]:
        """How many are in the namespace, and in each room of it that is not a client's own, with
        what was sent to them."""

    # Flow: see `limits.py`, `replay.py` and `text_stream.py`. Rules are for an engine that runs, in
    # the place of all before; times are in seconds.
    def set_limits(self, limits: Sequence[tuple[str, str, int, float, int, int]], /) -> None:
        """Namespace, event, count, window, by (0: sid, 1: user, 2: address), id of the limit."""

    def set_dedup(self, rules: Sequence[tuple[str, str, str, int, float]], /) -> None:
        """Namespace, event, member of the first argument, how many are remembered, window."""

    def set_recordings(
        self, rooms: Sequence[tuple[str, str, int, int, float]], epoch: str, /
    ) -> None:
        """Namespace, glob of rooms, and what is kept: events, bytes, seconds. `ValueError` for what
        is no glob.
        """

    def resume_room(self, sid: str, namespace: str, room: str, last: str, /) -> None: ...
    def flow_stats(self) -> dict[str, int]: ...
    def emit_conflated(
        self,
        event: str,
        data: Any,
        namespace: str,
        rooms: Sequence[str] | None,
        skip_sids: Sequence[str],
        key: str,
        interval: float,
        /,
    ) -> None: ...
    def flush_conflated(self) -> None:
        """Returns when what waited has gone out."""

    def use_streams(self) -> None: ...
    def open_stream(
        self,
        id: str,
        namespace: str,
        rooms: Sequence[str] | None,
        event: str,
        window: float,
        linger: float,
        max_bytes: int,
        /,
    ) -> None: ...
    def append_to_stream(self, id: str, text: str, /) -> None: ...
    def end_stream(self, id: str, error: str, /) -> None: ...

    # Time, for tests.
    def hold_time(self) -> None:
        """The time of sessions stands still: no ping, no timeout but those `pass_time` gets to.

        Until `release_time`, or the engine's end.
        """

    def release_time(self) -> None: ...
    def pass_time(self, most: int, /) -> int:
        """Move it on to a session's next deadline, at most by so many nanoseconds, and do what is
        due then. Returns by how many."""

    # The engine's own port.
    def listen(self, host: str, port: int, path: str, /) -> tuple[str, int]:
        """Bind, listen and accept; returns the address bound. Raises `OSError`."""

    def stop_accepting(self) -> None:
        """Refuse new sessions with 503 until the engine ends; those that are open go on."""

    def stop_listening(self) -> None: ...

    # The ASGI door: the Python side moves messages, the engine does the rest.
    def http_begin(self, head: RequestHead, /) -> int:
        """The head of a request whose body is still arriving: `http_request` or `http_abort`
        follows, with the returned exchange number. 0: the engine does not run."""

    def http_request(
        self, begun: int, head: RequestHead, body: bytes, body_too_large: bool, /
    ) -> int:
        """One HTTP request; an HTTP_RESPONSE with the returned exchange number follows.

        `begun` is the number from `http_begin`, or 0. The number is 0 and nothing follows when the
        engine does not run.
        """

    def http_abort(self, exchange: int, /) -> None:
        """The client of this exchange has gone; no HTTP_RESPONSE is wanted."""

    def ws_open(self, head: RequestHead, /) -> int:
        """A WebSocket handshake; WS_ACCEPT or WS_REJECT with the returned connection follows.

        The connection is 0 and nothing follows when the engine does not run.
        """

    def ws_receive(self, connection: int, data: str | bytes, /) -> None: ...
    def ws_sent(self, connection: int, size: int, /) -> None:
        """So many bytes of WS_SEND data have been passed on; opens the engine's send window."""

    def ws_closed(self, connection: int, failed: bool, /) -> None:
        """The WebSocket is gone; nothing more comes for this connection."""

    def adopt(self, descriptor: int, head: RequestHead, report: bool, /) -> int:
        """Take over a connection whose WebSocket handshake another server has read.

        The engine checks the handshake and answers it. It owns the descriptor from here on, also
        when it does not run, and when this raises. With `report` an ADOPTED with the returned id
        follows, unless it is 0: the engine does not run.
        """

    def abort_bridged(self) -> None:
        """Drop every exchange and connection of the ASGI door: their loop is closed."""

    # Packets of a custom packet_format: frames go out as they are given, and what was found in a
    # FRAME is told here. See `packet_engine.py`.
    def emit_frame(
        self,
        namespace: str,
        rooms: Sequence[str] | None,
        skip_sids: Sequence[str],
        token: int,
        frame: str | bytes,
        attachments: list[bytes],
        except_rooms: Sequence[str] = (),
        is_volatile: bool = False,
        compress: bool = True,
        /,
    ) -> None:
        """`emit`, encoded: a frame and the binary frames behind it.

        The ack id in the packet is the token.
        """

    def ack_frame(
        self, sid: str, namespace: str, frame: str | bytes, attachments: list[bytes], /
    ) -> None: ...
    def accept_frame(self, sid: str, namespace: str, frame: str | bytes, /) -> None: ...
    def refuse_frame(self, sid: str, namespace: str, frame: str | bytes, /) -> None: ...
    def disconnect_frame(self, sid: str, namespace: str, frame: str | bytes, /) -> None: ...
    def send_frame(self, eio_sid: str, frame: str | bytes, /) -> None:
        """Send to a session that may not have joined any namespace."""

    def join(self, eio_sid: str, namespace: str, /) -> bool:
        """The client connects. False: it may not. Else CONNECT follows."""

    def leave(self, eio_sid: str, namespace: str, /) -> None:
        """The client disconnects: DISCONNECT follows."""

    def take_ack(self, sid: str, namespace: str, token: int, /) -> bool:
        """The client has answered. False: nobody has asked it."""

    def fail_session(self, eio_sid: str, why: str, /) -> None:
        """The client breaks the protocol: log why, and close its session ("transport error")."""

    # --- usage: see `usage.py` ---
    def usage_listen(
        self,
        meter: UsageMeter,
        event: str,
        namespace: str,
        tokens: bool,
        models: Sequence[str],
        broadcast: str | None,
        room: str | None,
        /,
    ) -> None:
        """Take an event of clients from now on; `models` empty: they may name any."""

    def usage_touch(self, meter: UsageMeter, model: str, /) -> None: ...
    def usage_touch_remote(self, meter: UsageMeter, models: Sequence[tuple[str, float]], /) -> None:
        """What another node uses, and for how many seconds still."""

    def usage_models(self, meter: UsageMeter, /) -> list[str]:
        """The models in use, here and at other nodes."""

    def usage_here(self, meter: UsageMeter, /) -> list[tuple[str, float]]:
        """Those touched here, with the seconds that each has left."""

# Results of Presence.track.
TRACK_OK: Final[int]
TRACK_UNKNOWN_SID: Final[int]
TRACK_ROOM_LIMIT: Final[int]
TRACK_TOPIC_FULL: Final[int]

@final
class Presence:
    """Who is in which topic of an engine's clients; what it is told it carries out in order.

    The engine must speak JSON. Questions wait some tens of microseconds for each shard.
    """

    def __init__(self, engine: Engine, /) -> None: ...
    def configure(
        self, *, tick: float, grace: float, idle_after: float, count_above: int, max_entries: int
    ) -> None:
        """Times in seconds; see `presence.PresenceOptions`."""

    def set_telling(self, wanted: bool, /) -> None:
        """Should there be PRESENCE notifications?"""

    def track(self, namespace: str, topic: str, key: str, sid: str, meta: str, /) -> int:
        """Put a client into a topic and its room; returns one of TRACK_…"""

    def update(self, namespace: str, topic: str, sid: str, meta: str, /) -> bool:
        """False: it is not in the topic."""

    def untrack(self, namespace: str, topic: str, sid: str, /) -> None: ...
    def forget(self, sid: str, /) -> None:
        """`untrack` from all topics."""

    def client_dropped(self, sid: str, /) -> None:
        """The application has forgotten the client; one that never connected leaves its topics."""

    def put(self, node: int, entries: _List[PresenceData], /) -> None:
        """Entries of another process are there, or have changed."""

    def drop(self, node: int, entries: _List[PresenceData], /) -> None: ...
    def drop_node(self, node: int, /) -> None:
        """All entries of a process."""

    def list(
        self, namespace: str, topic: str, after: str, limit: int, /
    ) -> _List[tuple[PresenceEntry, float | None]]:
        """With the seconds since each client was active; None: it is no client of this process."""

    def of_sid(self, sid: str, /) -> _List[tuple[PresenceEntry, float | None]]: ...
    def sids(self, key: str, /) -> _List[str]: ...
    def is_online(self, key: str, /) -> bool: ...
    def own(self) -> _List[PresenceEntry]:
        """The entries of this process."""

    def keys(self, namespace: str, topic: str, /) -> _List[str]: ...
    def count(self, namespace: str, topic: str, /) -> int: ...

# The JSON border by itself, for tests.
def _loads(text: bytes, attachments: list[bytes], /) -> Any: ...
def _dumps(value: Any, /) -> tuple[bytes, list[bytes]]: ...
