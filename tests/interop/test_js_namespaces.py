"""The JavaScript client in namespaces that come with it; the checks are in js/namespaces.mjs."""

import re

import pytest

import sio_native

from .scripts import run_script


class Refused(Exception):
    def __init__(self, message):
        super().__init__(message)
        self.data = {"code": 403, "hint": "sign in"}


def allow(request):
    if "banned" in request.query:
        raise ConnectionRefusedError("banned")
    return True


def server(**options) -> sio_native.AsyncServer:
    sio = sio_native.AsyncServer(
        cleanup_empty_child_namespaces=True,
        allow_request=allow,
        headers={"X-Frame-Options": "DENY"},
        **options,
    )

    @sio.engine.on("initial_headers")
    def initial(headers, request):
        headers["X-Initial"] = request.query["transport"]

    admin = sio.of("admin")
    dynamic = sio.of(re.compile(r"^/dynamic-\d+$"))

    @admin.use
    async def has_token(socket):
        if not socket.handshake.auth:
            raise Exception("no token")

    @admin.use
    def right_token(socket):
        if socket.handshake.auth["token"] != "secret":
            raise Refused("admins only")

    for each in (admin, dynamic):

        @each.on_connection
        def came(socket):
            socket.on("whoami", lambda: [socket.id, socket.nsp])

    @dynamic.on("tell all")
    async def tell_all(sid, *args):
        await dynamic.emit("to all", *args)
        return len(dynamic.children)

    @dynamic.on_connection
    async def told(socket):
        @socket.on("tell here")
        async def tell_here():
            await sio.of(socket.nsp).emit("here")

    @sio.on("children")
    def children(sid):
        return [each.name for each in dynamic.children]

    @sio.of
    async def of_users(name, auth):
        return re.fullmatch("/of/[a-z]+", name) and auth and name == f"/of/{auth['user']}"

    return sio


@pytest.mark.parametrize("transport", ["polling", "websocket"])
@pytest.mark.parametrize("threads", [1, 3])
def test_javascript_clients_in_namespaces_of_their_own(transport, threads):
    run_script("namespaces.mjs", lambda: server(threads=threads), transport)
