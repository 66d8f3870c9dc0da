"""The request of a client as handlers see it, and its transport."""

from __future__ import annotations

from typing import Any

from .play import Play
from .table import scenario

HEADERS = {"X-One": "1", "x-two": "a, b", "Cookie": "c=1; d=2", "User-Agent": "by hand"}


async def environ_of(play: Play, transport: str, **how: Any) -> dict[str, Any]:
    ann = await play.client(transport=transport, **how)
    return dict(play.sio.get_environ(ann.sid))


async def stable(play: Play, transport: str) -> Any:
    """All of the environ that is text, without what differs from request to request."""
    environ = await environ_of(play, transport, headers=HEADERS)
    varying = ("REMOTE_PORT", "HTTP_SEC_WEBSOCKET_KEY")
    return {
        key: value
        for key, value in sorted(environ.items())
        if isinstance(value, str) and key not in varying
    }


@scenario()
async def environ_of_a_websocket(play: Play) -> Any:
    return await stable(play, "websocket")


@scenario()
async def environ_of_a_poll(play: Play) -> Any:
    return await stable(play, "polling")


@scenario()
async def environ_has_the_keys_of_wsgi_and_asgi(play: Play) -> Any:
    environ = await environ_of(play, "websocket")
    return {
        key: type(value).__name__ if not key.startswith("asgi.") else "there"
        for key, value in sorted(environ.items())
        if key.startswith(("wsgi.", "asgi.")) and key not in ("wsgi.input", "wsgi.errors")
    }


@scenario()
async def port_of_the_peer(play: Play) -> Any:
    environ = await environ_of(play, "websocket")
    return environ["REMOTE_PORT"] == "0"


@scenario()
async def scope_describes_the_request(play: Play) -> Any:
    seen = []
    for number, transport in enumerate(("websocket", "polling")):
        environ = await environ_of(play, transport, name=f"client {number}", headers=HEADERS)
        scope = environ["asgi.scope"]
        seen.append(
            [
                scope["type"],
                scope["path"],
                scope["raw_path"],
                scope["root_path"],
                scope["query_string"],
                scope["scheme"],
                scope["http_version"],
                scope["server"][0],
                scope["client"][0],
                scope.get("method", "GET"),
                (b"x-one", b"1") in [tuple(each) for each in scope["headers"]],
                scope["state"],
            ]
        )
    return seen


@scenario()
async def forwarded_scheme_is_believed(play: Play) -> Any:
    environ = await environ_of(play, "polling", headers={"X-Forwarded-Proto": "https"})
    return environ["wsgi.url_scheme"]


@scenario()
async def environ_is_one_dictionary(play: Play) -> Any:
    kept: list[Any] = []

    @play.sio.event
    def connect(sid: str, environ: Any) -> None:
        environ["added"] = "in connect"
        kept.append(environ)

    play.sio.on("chat", lambda sid: None, namespace="/chat")
    ann = await play.client()
    await ann.join("/chat")
    environ = play.sio.get_environ(ann.sid)
    eio_sid = play.sio.manager.eio_sid_from_sid(ann.sid, "/")
    return [
        environ is kept[0],
        environ["added"],
        play.sio.environ[eio_sid] is environ,
        play.sio.get_environ(ann.sids["/chat"], "/chat") is environ,
        play.sio.get_environ(ann.sid, "/chat"),
        play.sio.get_environ("unknown"),
        eio_sid in play.sio.environ,
        "unknown" in play.sio.environ,
        len(play.sio.environ),
        isinstance(environ, dict),
    ]


@scenario()
async def environ_is_gone_with_the_session(play: Play) -> Any:
    ann = await play.client()
    await ann.send("1")
    await play.until(lambda: len(play.sio.environ) == 0)
    return play.sio.get_environ(ann.sid)


@scenario()
async def transport_has_a_name(play: Play) -> Any:
    ann, bob = await play.client("ann"), await play.client("bob", transport="polling")
    return [
        play.sio.transport(ann.sid),
        play.sio.transport(bob.sid),
        await play.outcome(play.sio.transport, "unknown"),
        await play.outcome(play.sio.transport, ann.sid, "/unknown"),
        await play.outcome(play.sio.transport, None),
    ]


@scenario()
async def environs_have_room_for_the_applications_own(play: Play) -> Any:
    environs = play.sio.environ

    @play.sio.event
    def connect(sid: str, environ: Any) -> None:
        environs[sid] = {"user": "Ann"}
        environs.setdefault(sid, {})["seen"] = True

    ann = await play.client()
    seen = [environs[ann.sid], ann.sid in environs, ann.sid in list(environs), len(environs)]
    seen.append([environs.pop(ann.sid), ann.sid in environs, len(environs)])
    eio_sid = play.sio.manager.eio_sid_from_sid(ann.sid, "/")
    environs[eio_sid] = {"REMOTE_USER": "Ann"}
    seen += [play.sio.get_environ(ann.sid), len(environs)]
    environs["kept"] = 1
    await ann.send("1")
    await play.until(lambda: len(environs) == 1)
    del environs["kept"]
    seen += [await play.outcome(environs.__delitem__, "kept"), dict(environs)]
    return seen
