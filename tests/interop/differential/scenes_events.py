"""Events of a client: what reaches the handler, in which form and order."""

from __future__ import annotations

import asyncio
import functools
from typing import Any

from .play import Play
from .table import scenario
from .wire import PATIENCE


def take(play: Play, event: str = "take", namespace: str = "/") -> None:
    """Register a handler that notes what it is given."""

    @play.sio.on(event, namespace=namespace)
    def handler(sid: str, *args: Any) -> str:
        play.note(event, sid, *args)
        return "taken"


@scenario()
async def handler_is_given_each_argument(play: Play) -> Any:
    take(play)
    ann = await play.client()
    await ann.send('42["take"]', '42["take",null]', '42["take",1,"two",[3],{"four":4}]')
    await ann.send('42["take",[]]', '42["take",[[]],{}]')
    await play.noted(5)


@scenario()
async def numbers_keep_their_kind(play: Play) -> Any:
    @play.sio.event
    def take(sid: str, *args: Any) -> None:
        play.note(*(repr(each) for each in args))

    ann = await play.client()
    await ann.send('42["take",1,1.0,1e3,-1,0.1,12345678901234567890123,true,false,1e400]')
    await play.noted(1)


@scenario()
async def text_of_any_script_arrives(play: Play) -> Any:
    take(play)
    ann = await play.client()
    await ann.send('42["take","é\u2028😀","\\u00e9\\ud83d\\ude00\\n\\t\\"\\\\","\\u0000"]')
    await play.noted(1)


@scenario()
async def white_space_in_json_does_not_matter(play: Play) -> Any:
    take(play)
    ann = await play.client()
    await ann.send('42 [ "take" , { "a" : [ 1 , 2 ] } ] ', '42["take",1] ')
    await play.noted(2)


@scenario()
async def key_that_comes_twice_has_its_last_value(play: Play) -> Any:
    take(play)
    ann = await play.client()
    await ann.send('42["take",{"a":1,"b":2,"a":3}]')
    await play.noted(1)


@scenario()
async def event_in_a_namespace_is_for_its_handlers(play: Play) -> Any:
    take(play)
    take(play, namespace="/chat")
    ann = await play.client(namespace="/chat")
    await ann.join()
    await ann.send('42/chat,["take","in chat"]', '42["take","in the default one"]')
    await play.noted(2)


@scenario()
async def query_behind_a_namespace_is_left_out(play: Play) -> Any:
    take(play, namespace="/chat")
    ann = await play.wire()
    await ann.send("40/chat?token=secret,")
    answer = await ann.joined()
    await ann.send('42/chat?token=secret,["take",1]')
    await play.noted(1)
    return answer


@scenario()
async def event_without_a_handler_gets_no_ack(play: Play) -> Any:
    take(play)
    ann = await play.client()
    await ann.send('421["nobody",1]', '422["take",1]')
    return await ann.next("ACK")


@scenario()
async def last_registration_counts(play: Play) -> Any:
    take(play)
    play.sio.on("take", lambda sid, *args: "by the second")
    ann = await play.client()
    first = await ann.ask("take")
    play.sio.on("take", lambda sid, *args: "by the third")
    return [first, await ann.ask("take")]


@scenario()
async def handler_written_into_the_table_is_called(play: Play) -> Any:
    ann = await play.client()
    take(play)
    before = await ann.ask("take", 1)
    play.sio.handlers["/"]["take"] = lambda sid, *args: "by the table"
    after = await ann.ask("take", 1)
    del play.sio.handlers["/"]["take"]
    play.sio.on("other", lambda sid: "other")
    await ann.emit("take", ack=1)
    return [before, after, await ann.ask("other"), sorted(play.sio.handlers["/"])]


@scenario(served=False)
async def registering_gives_the_function_back(play: Play) -> Any:
    sio = play.server()

    def handler(sid: str) -> None: ...

    return [
        sio.on("a", handler) is None,
        sio.on("b")(handler) is handler,
        sio.event(handler) is handler,
        sio.event(namespace="/chat")(handler) is handler,
        {space: sorted(events) for space, events in sio.handlers.items()},
        sio.handlers["/chat"]["handler"] is handler,
    ]


@scenario()
async def anything_callable_handles(play: Play) -> Any:
    class Callable:
        def __call__(self, sid: str, *args: Any) -> Any:
            return ["object", *args]

        async def method(self, sid: str, *args: Any) -> Any:
            return ["method", *args]

    async def coroutine(first: str, sid: str, *args: Any) -> Any:
        await asyncio.sleep(0)
        return [first, *args]

    play.sio.on("object", Callable())
    play.sio.on("method", Callable().method)
    play.sio.on("partial", functools.partial(coroutine, "partial"))
    play.sio.on("lambda", lambda sid, *args: ["lambda", *args])
    ann = await play.client()
    return [await ann.ask(each, 1) for each in ("object", "method", "partial", "lambda")]


@scenario(log="ERROR")
async def handler_that_raises_is_logged_and_closes_nothing(play: Play) -> Any:
    @play.sio.event
    async def fail(sid: str) -> None:
        raise LookupError("not there")

    take(play)
    ann = await play.client()
    await ann.send('421["fail"]', '422["take"]')
    return await ann.next("ACK")


@scenario(log="ERROR")
async def handler_of_too_few_arguments_is_not_called_with_fewer(play: Play) -> Any:
    @play.sio.event
    async def narrow(sid: str) -> str:
        return "narrow"

    ann = await play.client()
    await ann.send('421["narrow","one too many"]', '422["narrow"]')
    return await ann.next("ACK")


@scenario()
async def handlers_of_one_client_do_not_wait_for_each_other(play: Play) -> Any:
    opened = asyncio.Event()

    @play.sio.event
    async def first(sid: str) -> None:
        play.note("first begins")
        await opened.wait()
        play.note("first ends")

    @play.sio.event
    async def second(sid: str) -> None:
        play.note("second")
        opened.set()

    ann = await play.client()
    await ann.send('42["first"]', '42["second"]')
    await play.noted(3)


@scenario(async_handlers=False)
async def serial_handlers_wait_for_the_one_before(play: Play) -> Any:
    @play.sio.event
    async def work(sid: str, number: int) -> int:
        play.note("begins", number)
        for _ in range(3 - number):
            await asyncio.sleep(0)
        play.note("ends", number)
        return number

    ann = await play.client()
    await ann.send('420["work",0]', '421["work",1]', '422["work",2]')
    await play.noted(6)


@scenario()
async def attachments_take_their_places(play: Play) -> Any:
    take(play)
    ann = await play.client()
    hole = '{"_placeholder":true,"num":%d}'
    await ann.send(f'451-["take",{hole % 0}]', b"\x00\xff")
    await ann.send(f'453-["take",[{hole % 2},{{"k":{hole % 0}}}],{hole % 1}]', b"0", b"1", b"")
    await ann.send(f'452-["take",{hole % 0},{hole % 0}]', b"twice", b"never")
    await play.noted(3)


@scenario()
async def attachments_come_as_bytes_by_polling_too(play: Play) -> Any:
    take(play)
    ann = await play.client(transport="polling")
    await ann.send('451-7["take",{"_placeholder":true,"num":0}]', b"\x00\xff")
    return await ann.next("ACK")


@scenario()
async def what_looks_like_a_placeholder_is_data(play: Play) -> Any:
    take(play)
    ann = await play.client()
    await ann.send('42["take",{"_placeholder":false,"num":0},{"_placeholder":true}]')
    await play.noted(1)


@scenario()
async def event_with_an_odd_name_is_handled(play: Play) -> Any:
    for name in ("", "a b", "é😀", "__class__", "on_take", "message"):
        take(play, name)
    ann = await play.client()
    return [await ann.ask(name) for name in ("", "a b", "é😀", "__class__", "on_take", "message")]


@scenario()
async def event_named_star_is_for_the_catch_all(play: Play) -> Any:
    @play.sio.on("*")
    def anything(*args: Any) -> None:
        play.note(*args)

    ann = await play.client()
    await ann.send('42["*",1]')
    await play.noted(1)


@scenario()
async def event_named_by_a_number_is_for_the_catch_all(play: Play) -> Any:
    @play.sio.on("*")
    def anything(event: Any, sid: str, *args: Any) -> None:
        play.note(event, *args)

    ann = await play.client()
    await ann.send("42[5,1]")
    await play.noted(1)


@scenario()
async def clients_event_named_connect_is_not_the_lifecycle(play: Play) -> Any:
    @play.sio.event
    def connect(sid: str, *args: Any) -> None:
        play.note("connect", len(args))

    ann = await play.client()
    await ann.send('421["connect",{"fake":"environ"},"fake auth"]')
    return await ann.next()


@scenario()
async def clients_event_named_disconnect_is_not_the_lifecycle(play: Play) -> Any:
    @play.sio.event
    def disconnect(sid: str, *args: Any) -> None:
        play.note("disconnect", *args)

    ann = await play.client()
    await ann.send('421["disconnect","as if it had left"]')
    return await ann.next()


@scenario()
async def ack_ids_come_back_as_they_were(play: Play) -> Any:
    take(play)
    ann = await play.client()
    for number in ("0", "1", "007", "4294967296", "9007199254740991"):
        await ann.send(f'42{number}["take"]')
    return [await ann.next("ACK") for _ in range(5)]


@scenario()
async def handlers_find_their_task_and_may_start_others(play: Play) -> Any:
    @play.sio.event
    async def work(sid: str) -> None:
        async def more(number: int, *, key: str) -> None:
            play.note("in the background", number, key)
            await play.sio.emit("done", to=sid)

        task = play.sio.start_background_task(more, 1, key="k")
        await task
        play.note(isinstance(task, asyncio.Task), task.done(), asyncio.current_task() is not None)

    ann = await play.client()
    await ann.emit("work")
    await play.noted(2)


@scenario(served=False)
async def background_tasks_and_sleep_are_asyncios(play: Play) -> Any:
    sio = play.server()

    async def work(a: int, *, b: int) -> int:
        await sio.sleep(0)
        return a + b

    task = sio.start_background_task(work, 1, b=2)
    return [
        isinstance(task, asyncio.Task),
        await task,
        await sio.sleep(),
        await play.outcome(sio.start_background_task, lambda: 5),
    ]


@scenario(served=False)
async def tables_and_order_may_be_set(play: Play) -> Any:
    sio = play.server(async_handlers=False)
    started, go_on = asyncio.Event(), asyncio.Event()

    async def first(sid: str) -> str:
        started.set()
        await go_on.wait()
        return "first"

    sio.on("gone", lambda sid: "not called")
    sio.handlers = {"/": {"first": first, "second": lambda sid: "second"}}
    sio.namespace_handlers = {}
    sio.async_handlers = True
    async with play.serving(sio):
        ann = await play.client()
        await ann.emit("first", ack=1)
        await asyncio.wait_for(started.wait(), PATIENCE)
        await ann.emit("gone", ack=2)
        answers = [await ann.ask("second")]
        go_on.set()
        return [*answers, (await ann.next("ACK"))[2:]]


@scenario(log="WARNING")
async def handler_that_is_cancelled(play: Play) -> Any:
    @play.sio.event
    async def work(sid: str) -> str:
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().call_soon(task.cancel)
        try:
            await asyncio.sleep(PATIENCE)
        finally:
            play.note("cancelled")
        return "done"

    ann = await play.client()
    await ann.emit("work", ack=1)
    await play.noted(1)
