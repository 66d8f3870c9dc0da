"""Editors are the users that `sio.users` has bound their clients to."""

from __future__ import annotations

import asyncio

from conftest import until
from yjs_editor import editor


async def test_an_editor_is_the_user_that_it_is_bound_to(native_door):
    sio, asked = native_door.server(), []
    sio.yjs.serve()

    @sio.event
    async def connect(sid, environ, auth):
        await sio.users.bind(sid, auth["user"], {"name": auth["user"].title()})

    @sio.yjs.on_authorize
    async def authorize(document, editor):
        asked.append((document, editor.user, editor.claimed, sio.users.get(editor.sid)))
        return "write"

    async with (
        native_door.open(sio) as url,
        editor(url, auth={"user": "ann"}) as ann,
        editor(url, auth={"user": "bob"}) as bob,
    ):
        await ann.join(user_id="forged")
        await bob.join(user_id="forged", user_name="Bob")
        assert asked == [
            ("note:1", "ann", "forged", {"name": "Ann"}),
            ("note:1", "bob", "forged", {"name": "Bob"}),
        ]
        joined = await ann.next("ydoc:user:joined")
        assert (joined["user_id"], joined["user_name"]) == ("bob", "Bob")
        await bob.type("x")
        assert (await ann.next("ydoc:document:update"))["user_id"] == "bob"
        said = {"document_id": "note:1", "user_id": "forged", "update": list(b'{"7":{}}')}
        await bob.client.emit("ydoc:awareness:update", said)
        assert (await ann.next("ydoc:awareness:update"))["user_id"] == "bob"
        await bob.client.emit("ydoc:document:leave", {"document_id": "note:1"})
        assert (await ann.next("ydoc:user:left"))["user_id"] == "bob"


async def test_what_the_hook_says_goes_before_the_user(native_door):
    sio = native_door.server()
    sio.yjs.serve()

    @sio.yjs.on_authorize
    def authorize(document, editor):
        editor.id = {"id": editor.user}
        return "write"

    async with native_door.open(sio) as url, editor(url) as ann, editor(url) as bob:
        await sio.users.bind(bob.sid, "bob")
        await ann.join(user_id="a")
        await bob.join(user_id="b")
        assert (await ann.next("ydoc:user:joined"))["user_id"] == {"id": "bob"}
        await sio.users.bind(bob.sid, "robert")
        await bob.type("x")
        assert (await ann.next("ydoc:document:update"))["user_id"] == {"id": "robert"}


async def test_who_is_bound_after_the_join_is_known_from_then_on(native_door):
    sio = native_door.server()
    sio.yjs.serve()
    async with native_door.open(sio) as url, editor(url) as ann, editor(url) as bob:
        await ann.join(user_id="a")
        await bob.join(user_id="claimed")
        for bind, expected in (
            (lambda: sio.users.bind(bob.sid, "bob"), "bob"),
            (lambda: sio.users.bind(bob.sid, "robert"), "robert"),
            (lambda: sio.users.unbind(bob.sid), "claimed"),
        ):
            await bind()
            await bob.type("x")
            assert (await ann.next("ydoc:document:update"))["user_id"] == expected


async def test_access_is_asked_again_when_a_client_becomes_another_users(native_door):
    sio, may = native_door.server(), {None: "read", "ann": "write", "eve": "none"}
    sio.yjs.serve()

    @sio.yjs.on_authorize
    async def authorize(document, editor):
        return may[editor.user]

    async with native_door.open(sio) as url, editor(url) as ann, editor(url) as bob:
        await ann.join(user_id="a")
        await bob.join(user_id="b")
        await ann.client.emit(
            "ydoc:document:update", {"document_id": "note:1", "update": ann.written(0, "x")}
        )
        assert await ann.nack() == "read_only"
        await sio.users.bind(ann.sid, "ann")
        assert await ann.type("y") is True
        assert (await bob.next("ydoc:document:update"))["user_id"] == "ann"
        await sio.users.bind(ann.sid, "eve")
        assert await ann.nack() == "not_allowed"
        assert (await bob.next("ydoc:user:left"))["user_id"] == "ann"
        await ann.client.emit("ydoc:document:state", {"document_id": "note:1"})
        assert await ann.nack() == "not_joined"
        assert await sio.yjs.members("note:1") == [bob.sid]


async def test_who_is_bound_while_access_is_asked_for_is_asked_about_anew(native_door):
    sio, users, go = native_door.server(), [], asyncio.Event()
    sio.yjs.serve()

    @sio.yjs.on_authorize
    async def authorize(document, editor):
        users.append(editor.user)
        if editor.user is None:
            await go.wait()
        return "write" if editor.user == "ann" else "none"

    async with native_door.open(sio) as url, editor(url) as ann:
        joined = asyncio.create_task(ann.join(user_id="a"))
        await until(lambda: users)
        await sio.users.bind(ann.sid, "ann")
        go.set()
        await joined
        assert users == [None, "ann"] and await ann.type("x") is True
