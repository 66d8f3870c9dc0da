"""The table of scenarios: each plays a conversation and returns the transcript of it.

A transcript holds what the clients saw and what the server's handlers noted. It is the same from
python-socketio and from us, except where a scenario names what we answer instead.
"""

import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any

from .stage import Stage

Script = Callable[[Stage], Awaitable[Any]]


@dataclasses.dataclass(frozen=True)
class Scenario:
    """`ours` is the transcript where we deviate on purpose, by the difference `why`."""

    script: Script
    options: dict[str, Any]
    ours: Any = None
    why: str = ""

    @property
    def name(self) -> str:
        return self.script.__name__


SCENARIOS: list[Scenario] = []


def scenario(ours: Any = None, why: str = "", **options: Any) -> Callable[[Script], Script]:
    def add(script: Script) -> Script:
        SCENARIOS.append(Scenario(script, options, ours, why))
        return script

    return add


NESTED = {"a": [1, 2.5, None, True, {"é": "😀\u2028"}], "": [], "deep": [[[[{}]]]]}


# Events and acks


@scenario()
async def event_is_acknowledged_with_none_one_or_many_arguments(stage: Stage) -> Any:
    ann = await stage.actor()
    return [
        await ann.call("echo"),
        await ann.call("echo", 1),
        await ann.call("echo", "one", 2, [3], {"four": 4}),
        await ann.call("echo_sync", "sync", "handler"),
        await ann.call("answer_none", 1),
        await ann.call("answer_list", 1, 2),
    ]


@scenario()
async def json_values_survive_both_ways(stage: Stage) -> Any:
    ann = await stage.actor()
    values = [NESTED, "", '\u0000\u001e\x7f"\\/', 0, -1, 2**53, 1e300, 1.5e-7, False, None, []]
    return [await ann.call("echo", "and", value) for value in values]


@scenario()
async def events_from_the_server_carry_each_form_of_data(stage: Stage) -> Any:
    ann = await stage.actor()
    for data in ("text", 7, 1.5, True, None, [1, [2]], {"k": "v"}, b"bytes", NESTED):
        await ann.emit("repeat_raw", data)
    await ann.emit("repeat")
    await ann.emit("repeat", 1, "two", [3])
    return [await ann.next_event() for _ in range(11)]


@scenario()
async def binary_travels_both_ways_at_any_depth(stage: Stage) -> Any:
    ann = await stage.actor()
    pieces = {"list": [b"one", b"", {"inner": b"\x00\xff"}], "plain": 1, "last": b"z" * 5000}
    await ann.emit("repeat", pieces, b"second", "text")
    return [
        await ann.call("echo", b"alone"),
        await ann.call("echo", pieces, [b"x"] * 5),
        await ann.next_event(),
    ]


@scenario()
async def send_is_an_event_named_message(stage: Stage) -> Any:
    ann = await stage.actor()
    await ann.emit("say", "hello")
    await ann.emit("say", {"k": 1})
    return [
        await ann.call("message", "from the client"),
        await ann.next_event(),
        await ann.next_event(),
    ]


@scenario()
async def event_without_a_handler_goes_to_the_catch_all(stage: Stage) -> Any:
    ann = await stage.actor()
    return [await ann.call("no such event", 1, 2), await ann.call("", "empty name")]


@scenario()
async def handler_that_raises_harms_nothing_else(stage: Stage) -> Any:
    ann = await stage.actor()
    await ann.emit("fail")
    return await ann.call("echo", "still here")


@scenario()
async def long_event_passes(stage: Stage) -> Any:
    ann = await stage.actor()
    text = "0123456789é" * 10_000
    await ann.emit("repeat", text)
    return [await ann.call("echo", text) == text, (await ann.next_event())[2] == text]


@scenario(
    ours=[["numbered_back", "/", number] for number in range(300)],
    why="many packets",
)
async def many_events_keep_their_order(stage: Stage) -> Any:
    ann = await stage.actor()
    for number in range(300):
        await ann.emit("numbered", number)
    return [await ann.next_event() for _ in range(300)]


@scenario(
    ours=[500, [["burst_item", "/", number, ""] for number in range(500)]],
    why="many packets",
)
async def burst_from_the_server_keeps_its_order(stage: Stage) -> Any:
    ann = await stage.actor()
    return [await ann.call("burst", 500), [await ann.next_event() for _ in range(500)]]


@scenario(
    ours=[["numbered_back", "/", number] for number in range(100)],
    why="many packets",
    async_handlers=False,
)
async def serial_handlers_keep_one_clients_order(stage: Stage) -> Any:
    ann = await stage.actor()
    for number in range(100):
        await ann.emit("numbered", number)
    return [await ann.next_event() for _ in range(100)]


# Rooms


@scenario()
async def rooms_are_entered_and_left(stage: Stage) -> Any:
    ann = await stage.actor()
    return [
        await ann.call("enter", "b", "a", "a"),
        await ann.call("leave", "a", "never entered"),
        await ann.call("enter", "c"),
    ]


@scenario()
async def broadcast_reaches_the_members_of_a_room_alone(stage: Stage) -> Any:
    ann, bob, eve = [await stage.actor(name) for name in ("ann", "bob", "eve")]
    await ann.call("enter", "red")
    await bob.call("enter", "red", "blue")
    await eve.call("enter", "blue")
    await ann.call("broadcast", {"data": 1, "room": "red"})
    await ann.call("broadcast", {"data": 2, "to": "blue"})
    await bob.call("leave", "blue")
    await ann.call("broadcast", {"data": 3, "to": "blue"})
    await ann.call("broadcast", {"data": 4, "to": "empty"})
    return [await actor.events_so_far() for actor in (ann, bob, eve)]


@scenario()
async def list_of_rooms_is_their_union_without_doubles(stage: Stage) -> Any:
    actors = [await stage.actor(name) for name in ("ann", "bob", "eve")]
    ann, bob, eve = actors
    await ann.call("enter", "one", "two")
    await bob.call("enter", "two", "three")
    await ann.call("broadcast", {"data": 1, "to": ["one", "two", "three"]})
    await ann.call("broadcast", {"data": 2, "to": ["one", "nobody is here"]})
    await ann.call("broadcast", {"data": 3, "to": ["two", eve.sid()]})
    return [await actor.events_so_far() for actor in actors]


@scenario()
async def skipped_sids_do_not_get_a_broadcast(stage: Stage) -> Any:
    actors = [await stage.actor(name) for name in ("ann", "bob", "eve")]
    ann, bob, _ = actors
    for actor in actors:
        await actor.call("enter", "skipping")
    await ann.call("broadcast", {"data": 1, "to": "skipping", "skip_sid": ann.sid()})
    await ann.call("broadcast", {"data": 2, "to": "skipping", "skip_sid": [ann.sid(), bob.sid()]})
    await ann.call("broadcast", {"data": 3, "to": ["skipping"], "skip_sid": []})
    await ann.call("broadcast", {"data": 4, "to": "skipping", "skip_sid": "unknown"})
    return [await actor.events_so_far() for actor in actors]


@scenario()
async def broadcast_without_a_room_reaches_the_namespace_alone(stage: Stage) -> Any:
    ann = await stage.actor("ann", ["/", "/chat"])
    bob = await stage.actor("bob", ["/chat"])
    eve = await stage.actor("eve")
    await ann.call("broadcast", {"data": {"to": "all"}})
    await ann.call("broadcast", {"data": [b"binary", "too"]}, namespace="/chat")
    return [
        await ann.events_so_far(),
        await bob.events_so_far("/chat"),
        await eve.events_so_far(),
    ]


@scenario()
async def own_sid_is_a_room(stage: Stage) -> Any:
    ann, bob = await stage.actor("ann"), await stage.actor("bob")
    await ann.call("broadcast", {"data": "whisper", "to": bob.sid()})
    return [
        await ann.events_so_far(),
        await bob.events_so_far(),
        await ann.call("members", bob.sid()),
    ]


@scenario()
async def closed_room_is_empty(stage: Stage) -> Any:
    ann, bob = await stage.actor("ann"), await stage.actor("bob")
    await ann.call("enter", "closing", "staying")
    await bob.call("enter", "closing")
    await ann.call("close_room", "closing")
    await ann.call("broadcast", {"data": 1, "to": "closing"})
    return [
        await ann.events_so_far(),
        await bob.events_so_far(),
        await ann.call("enter"),
        await ann.call("members", "staying"),
    ]


@scenario()
async def rooms_of_one_namespace_are_not_those_of_another(stage: Stage) -> Any:
    ann = await stage.actor("ann", ["/", "/chat"])
    bob = await stage.actor("bob", ["/", "/chat"])
    await ann.call("enter", "same name")
    await bob.call("enter", "same name", namespace="/chat")
    await ann.call("broadcast", {"data": 1, "to": "same name"})
    await ann.call("broadcast", {"data": 2, "to": "same name"}, namespace="/chat")
    return [
        await ann.events_so_far() + await ann.events_so_far("/chat"),
        await bob.events_so_far() + await bob.events_so_far("/chat"),
    ]


@scenario()
async def room_calls_that_make_no_sense_raise(stage: Stage) -> Any:
    ann, bob = await stage.actor("ann"), await stage.actor("bob")
    wishes: list[tuple[Any, ...]] = [
        ("enter_room", "unknown sid", "room", "/never used"),
        ("enter_room", ann.sid(), bob.sid()),
        ("close_room", bob.sid()),
        ("leave_room", "unknown sid", "room"),
        ("leave_room", ann.sid(), "never entered"),
        ("close_room", "never opened"),
        ("get_session", "unknown sid"),
        ("save_session", "unknown sid", {}),
        ("disconnect", "unknown sid"),
        ("emit", "event", "data", "unknown room"),
    ]
    return [await ann.call("room_error", *wish) for wish in wishes]


# Connecting


@scenario()
async def connect_handler_is_given_the_auth(stage: Stage) -> Any:
    ann = await stage.actor("ann", auth={"token": "t", "n": [1, None]})
    bob = await stage.actor("bob")
    return [
        await stage.records(ann, ann.sid(), "connect"),
        await stage.records(ann, bob.sid(), "connect"),
    ]


@scenario()
async def emit_inside_the_connect_handler_reaches_the_client(stage: Stage) -> Any:
    ann = await stage.actor("ann", auth={"greet": {"hello": "you"}})
    return await ann.next_event()


@scenario()
async def refusal_tells_the_client_why(stage: Stage) -> Any:
    forms = ("false", "bare", "message", "data", "more data", "builtin")
    return [await stage.refused({"refuse": form}) for form in forms]


@scenario()
async def refusal_of_a_namespace_leaves_the_session_open(stage: Stage) -> Any:
    return [
        await stage.refused({"refuse": "data"}, "/chat"),
        await stage.refused(None, "/unknown namespace"),
    ]


@scenario(always_connect=True)
async def always_connect_lets_in_before_the_handler_has_run(stage: Stage) -> Any:
    ann = await stage.actor("ann", auth={"greet": 1})
    return [await ann.next_event(), await ann.call("echo", 2)]


# Disconnecting


@scenario()
async def client_that_leaves_is_noted_with_its_rooms(stage: Stage) -> Any:
    ann, bob = await stage.actor("ann"), await stage.actor("bob")
    await ann.call("enter", "red", "blue")
    sid = ann.sid()
    await ann.leave()
    _, noted = await stage.records(bob, sid, "connect", "disconnect")
    # AsyncClient may close its WebSocket before its goodbye is written; see the test of reasons.
    assert noted.pop("reason") in ("client disconnect", "transport close")
    return [
        noted,
        await bob.call("members", "red"),
        ann.drain(),
    ]


@scenario()
async def client_that_is_sent_away_is_told(stage: Stage) -> Any:
    ann, bob = await stage.actor("ann"), await stage.actor("bob")
    await ann.call("enter", "red")
    sid = ann.sid()
    await bob.call("kick", sid)
    return [
        await ann.next_event(),
        await stage.records(bob, sid, "connect", "disconnect"),
        await bob.call("members", "red"),
    ]


@scenario()
async def one_namespace_is_left_and_the_other_stays(stage: Stage) -> Any:
    ann = await stage.actor("ann", ["/", "/chat"])
    sid = ann.sid("/chat")
    await ann.emit("kick", namespace="/chat")
    return [
        await ann.next_event(),
        await ann.call("echo", "in the other"),
        await stage.records(ann, sid, "connect", "disconnect"),
    ]


# The server asks


@scenario()
async def call_gives_what_the_client_answers(stage: Stage) -> Any:
    ann, bob = await stage.actor("ann"), await stage.actor("bob")
    return [
        await ann.call("ask", {"event": "answer nothing"}),
        await ann.call("ask", {"event": "answer one", "data": {"q": 1}}),
        await ann.call("ask", {"event": "answer many", "data": b"binary"}),
        await ann.call("ask", {"event": "answer one", "data": "bob?", "to": bob.sid()}),
    ]


@scenario()
async def call_without_an_answer_times_out(stage: Stage) -> Any:
    ann = await stage.actor()
    return [
        await ann.call("ask", {"event": "never answer", "timeout": 0.1}),
        await ann.call("echo", "still here"),
    ]


@scenario()
async def callback_of_an_emit_is_given_the_answer(stage: Stage) -> Any:
    ann = await stage.actor()
    await ann.emit("ask_with_callback", "answer nothing")
    return await ann.next_event()


# Sessions and questions


@scenario()
async def session_is_kept_for_each_client(stage: Stage) -> Any:
    ann, bob = await stage.actor("ann"), await stage.actor("bob")
    await ann.call("remember", "name", "Ann")
    await ann.call("remember", "tags", [1, 2])
    return [await ann.call("recall"), await bob.call("recall")]


@scenario()
async def transport_is_told(stage: Stage) -> Any:
    ann = await stage.actor()
    return await ann.call("transport_of")


@scenario()
async def environ_describes_the_request(stage: Stage) -> Any:
    ann = await stage.actor()
    keys = ["REQUEST_METHOD", "PATH_INFO", "SCRIPT_NAME", "REMOTE_ADDR", "HTTP_HOST", "no such key"]
    environ = await ann.call("environ_of", keys)
    environ["HTTP_HOST"] = environ["HTTP_HOST"] == stage.server.authority
    query = await ann.call("environ_of", ["QUERY_STRING"])
    return [environ, "EIO=4" in query["QUERY_STRING"]]


# Namespaces


@scenario()
async def namespace_of_functions_answers(stage: Stage) -> Any:
    ann = await stage.actor("ann", ["/", "/chat"])
    return [
        await ann.call("echo", 1),
        await ann.call("echo", 1, namespace="/chat"),
        await ann.call("echo", b"binary", 2, namespace="/chat"),
        ann.sid("/") != ann.sid("/chat"),
    ]


@scenario()
async def namespace_class_answers_with_its_methods(stage: Stage) -> Any:
    ann = await stage.actor("ann", ["/", "/reports"])
    await ann.emit("repeat", "to me", namespace="/reports")
    event = await ann.next_event()
    sid = ann.sid("/reports")
    results = [
        await ann.call("echo", 1, 2, namespace="/reports"),
        await ann.call("no such method", 1, namespace="/reports"),
    ]
    await ann.emit("kick", namespace="/reports")
    return [
        event,
        results,
        await ann.next_event(),
        await stage.records(ann, sid, "connect", "disconnect"),
    ]


@scenario(namespaces=["/", "/any", "/other"])
async def catch_all_namespace_is_told_which(stage: Stage) -> Any:
    ann = await stage.actor("ann", ["/any", "/other"])
    return [
        await ann.call("echo", 1, namespace="/any"),
        await ann.call("echo", 1, 2, namespace="/other"),
        await ann.call("unknown", 1, namespace="/any"),
    ]


@scenario(namespaces="*")
async def star_lets_into_any_namespace(stage: Stage) -> Any:
    ann = await stage.actor("ann", ["/just invented"])
    return await ann.call("echo", 1, namespace="/just invented")
