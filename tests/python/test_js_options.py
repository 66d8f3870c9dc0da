"""`AsyncServer.from_js_options`: the JavaScript server's options, in its spelling."""

from __future__ import annotations

import asyncio
import json
import math
import re
import signal
import socket
import subprocess
import sys
from datetime import datetime, timezone
from typing import Any

import pytest
from conftest import OWN_PORT, connected
from fastapi import FastAPI

import sio_native
from sio_native import ASGIApp, AsyncServer
from sio_native.js_options import options_from_js


def test_what_a_server_of_javascript_is_made_of_makes_one_here() -> None:
    manager = sio_native.AsyncManager()
    made = options_from_js(
        {
            "pingInterval": 25000,
            "pingTimeout": 60000,
            "maxPayload": 1000000,
            "connectTimeout": 45000,
            "upgradeTimeout": 1500,
            "transports": ["polling", "websocket"],
            "cors": {
                "origin": "http://localhost:3000",
                "methods": ["GET", "POST"],
                "credentials": True,
            },
            "path": "/llamaproxws/",
            "adapter": manager,
            "cleanupEmptyChildNamespaces": True,
            "allowUpgrades": False,
            "cookie": {"name": "io", "httpOnly": False, "maxAge": 86400, "sameSite": "strict"},
            "httpCompression": {"threshold": 2048},
            "perMessageDeflate": False,
            "serveClient": False,
            "allowEIO3": False,
        }
    )
    assert made == {
        "ping_interval": 25.0,
        "ping_timeout": 60.0,
        "max_http_buffer_size": 1000000,
        "connect_timeout": 45.0,
        "upgrade_timeout": 1.5,
        "transports": ["polling", "websocket"],
        "cors_allowed_origins": ["http://localhost:3000"],
        "cors_credentials": True,
        "path": "/llamaproxws/",
        "client_manager": manager,
        "cleanup_empty_child_namespaces": True,
        "allow_upgrades": False,
        "cookie": {"name": "io", "Path": "/", "SameSite": "Strict", "Max-Age": "86400"},
        "http_compression": True,
        "compression_threshold": 2048,
        "per_message_deflate": False,
    }
    sio = AsyncServer.from_js_options({"pingInterval": 1000, "adapter": manager}, logger=False)
    assert sio.eio.ping_interval == 1
    assert sio.manager is manager
    assert options_from_js({}) == {}


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"cors": False}, {}),
        ({"cors": {}}, {"cors_allowed_origins": ["*"], "cors_credentials": False}),
        ({"cors": {"origin": True}}, {"cors_allowed_origins": "*", "cors_credentials": False}),
        ({"cors": {"origin": False}}, {"cors_allowed_origins": [], "cors_credentials": False}),
        (
            {"cors": {"origin": ["http://a", "http://b"], "methods": "POST, GET"}},
            {"cors_allowed_origins": ["http://a", "http://b"], "cors_credentials": False},
        ),
        ({"httpCompression": False}, {"http_compression": False}),
        (
            {"cookie": True},
            {"cookie": {"name": "io", "Path": "/", "HttpOnly": True, "SameSite": "Lax"}},
        ),
        (
            {"connectionStateRecovery": {"maxDisconnectionDuration": 5000}},
            {
                "connection_state_recovery": {
                    "max_disconnection_duration": 5.0,
                    "skip_middlewares": True,
                }
            },
        ),
        (
            {"connectionStateRecovery": True},
            {
                "connection_state_recovery": {
                    "max_disconnection_duration": 120.0,
                    "skip_middlewares": True,
                }
            },
        ),
        ({"connectionStateRecovery": None}, {}),
        ({"perMessageDeflate": True}, {"per_message_deflate": True}),
        (
            {"perMessageDeflate": {"threshold": 10, "zlibDeflateOptions": {"level": 3}}},
            {"per_message_deflate": {"threshold": 10, "level": 3}},
        ),
        ({"cookie": False}, {"cookie": None}),
        ({"cookie": "sticky"}, {"cookie": "sticky"}),
        ({"maxHttpBufferSize": 5}, {"max_http_buffer_size": 5}),
    ],
)
def test_values_mean_what_they_mean_there(given: Any, wanted: Any) -> None:
    assert options_from_js(given) == wanted
    AsyncServer.from_js_options(given)


def test_origins_may_be_patterns() -> None:
    origins = [re.compile(r"\.example\.com$"), "http://localhost"]
    check = options_from_js({"cors": {"origin": origins}})["cors_allowed_origins"]
    assert check("https://a.example.com")
    assert check("http://localhost", {})
    assert not check("http://localhost.evil")
    assert not check("https://example.com.evil")
    ends = datetime(2030, 1, 2, tzinfo=timezone.utc)
    cookie = options_from_js({"cookie": {"expires": ends, "secure": True, "domain": None}})
    assert cookie["cookie"]["Expires"] == "Wed, 02 Jan 2030 00:00:00 GMT"
    assert cookie["cookie"]["Secure"] is True


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"pingIntervall": 1}, r"'pingIntervall' \(did you mean 'pingInterval'"),
        ({"nonsense": 1}, "unknown option 'nonsense'"),
        ({"pingTimeout": "60000"}, "pingTimeout must be milliseconds"),
        ({"pingTimeout": True}, "pingTimeout must be milliseconds"),
        ({"connectTimeout": -1}, "connectTimeout"),
        ({"transports": ["webtransport"]}, "'webtransport'"),
        ({"cors": {"origin": "*", "maxAge": 5}}, "maxAge"),
        ({"cors": {"methods": ["GET"]}}, "methods"),
        ({"cors": {"origin": 5}}, "origin"),
        ({"cors": "yes"}, "cors must be"),
        ({"cookie": {"colour": "red"}}, "colour"),
        ({"cookie": 5}, "cookie must be"),
        ({"cookie": {"expires": "now"}}, "expires"),
        ({"httpCompression": {"level": 9}}, "level"),
        ({"perMessageDeflate": {"serverNoContextTakeover": True}}, "serverNoContextTakeover"),
        ({"serveClient": True}, "serveClient"),
        ({"allowEIO3": True}, "allowEIO3"),
        ({"wsEngine": object()}, "wsEngine"),
        ({"maxPayload": 1, "maxHttpBufferSize": 1}, "same as another"),
        ({"connectionStateRecovery": {"maxAge": 5}}, "maxAge"),
        ({"connectionStateRecovery": 5}, "connectionStateRecovery must be"),
        ({"connectionStateRecovery": "yes"}, "connectionStateRecovery must be"),
        ({"pingInterval": 10**400}, "pingInterval"),
        ({"pingInterval": math.nan}, "pingInterval"),
        ({"transports": 5}, "transports must be"),
        ({"transports": [5]}, "transports must be"),
        ({"cors": {"methods": 5}}, "methods"),
        ({"cors": {"methods": [5]}}, "methods"),
        ({"cors": {"origin": re.compile(b"x")}}, "origin"),
        ({"cors": {5: 6}}, "5"),
        ({"perMessageDeflate": {"zlibDeflateOptions": 5}}, "zlibDeflateOptions must be"),
        ({"allowRequest": 5}, "allowRequest must be"),
        ({5: 1}, "unknown option 5"),
        ([("path", "/x")], "the options must be a mapping"),
    ],
)
def test_what_cannot_be_meant_is_named(given: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        AsyncServer.from_js_options(given)


async def test_the_path_of_the_options_is_where_clients_find_it() -> None:
    sio = AsyncServer.from_js_options({"path": "/llamaproxws"})
    async with OWN_PORT.open(sio) as url, connected(url, socketio_path="/llamaproxws"):
        pass
    assert ASGIApp(sio).engineio_path == "/llamaproxws/"
    assert ASGIApp(sio, socketio_path="/other").engineio_path == "/other/"
    host = FastAPI()
    sio.mount(host)
    assert host.routes[-1].path == "/llamaproxws"  # type: ignore[attr-defined]
    assert ASGIApp(AsyncServer()).engineio_path == "/socket.io/"
    with pytest.raises(ValueError, match="path"):
        AsyncServer(path="/")


RUN = """
import json, sys, sio_native
from fastapi import FastAPI

sio = sio_native.AsyncServer()
sio.on("echo", lambda sid, *args: list(args))

@sio.event
def disconnect(sid, reason):
    print(json.dumps(reason), flush=True)

app = sio
if sys.argv[1] == "asgi":
    app = FastAPI()
    sio.mount(app)
sio_native.run(app, int(sys.argv[2]))
print(json.dumps("over"), flush=True)
"""


async def listens(port: int) -> None:
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.02)
        else:
            writer.close()
            return


@pytest.mark.parametrize(("kind", "how"), [("own", signal.SIGTERM), ("asgi", signal.SIGINT)])
async def test_run_serves_until_the_process_is_told_to_stop(kind: str, how: signal.Signals) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-c", RUN, kind, str(port), stdout=subprocess.PIPE
    )
    try:
        await listens(port)
        async with connected(f"http://127.0.0.1:{port}") as client:
            assert await client.call("echo", 1) == [1]
            server.send_signal(how)
            await client.wait()
        out, _ = await server.communicate()
        said = [json.loads(line) for line in out.splitlines()]
        assert said[0] == "server disconnect"
        if kind == "own":
            assert (said, server.returncode) == (["server disconnect", "over"], 0)
    finally:
        if server.returncode is None:
            server.kill()
            await server.wait()
