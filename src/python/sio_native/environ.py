"""The request that opened a session, as the WSGI dictionary that connect handlers get."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .types import Environ, Key, Receive, Scope, Send


class EmptyBody:
    """`wsgi.input`: the engine has read the body."""

    async def read(self, length: int | None = None) -> bytes:
        return b""


def make_environ(scope: Scope, receive: Receive, send: Send) -> Environ:
    """The keys of `engineio.AsyncServer` under ASGI, but with the real peer as REMOTE_ADDR."""
    path = scope["path"]
    query = _text(scope.get("query_string") or b"") or ""
    client = scope.get("client") or ("", 0)
    secure = scope.get("scheme") in ("https", "wss")
    environ: Environ = {
        "wsgi.input": EmptyBody(),
        "wsgi.errors": sys.stderr,
        "wsgi.version": (1, 0),
        "wsgi.async": True,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        "SERVER_SOFTWARE": "asgi",
        "REQUEST_METHOD": scope.get("method", "GET"),
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "RAW_URI": f"{path}?{query}" if query else path,
        "SCRIPT_NAME": "",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": client[0],
        "REMOTE_PORT": str(client[1]),
        "SERVER_NAME": "asgi",
        "SERVER_PORT": "0",
        "asgi.receive": receive,
        "asgi.send": send,
        "asgi.scope": scope,
    }
    for raw_name, raw_value in scope["headers"]:
        name, value = _text(raw_name), _text(raw_value)
        if name is None or value is None:
            continue  # as there: what is not UTF-8 is left out
        key = name.upper().replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = f"HTTP_{key}"
            if key in environ:
                value = f"{environ[key]},{value}"
        environ[key] = value
    scheme = "https" if secure else "http"
    environ["wsgi.url_scheme"] = environ.get("HTTP_X_FORWARDED_PROTO", scheme)
    return environ


def _text(raw: bytes) -> str | None:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return None


async def _no_asgi(*message: Any) -> Any:
    raise RuntimeError("this client came through the engine's own port: there is no ASGI server")


def environ_from_head(head: Mapping[str, Any] | None) -> Environ:
    """The environ of a client of the engine's own port, from `Engine.request_head`.

    Without a head (the session ended before its connect handler began) it names nobody.
    """
    head = head or {}
    headers = [(name.lower(), value) for name, value in head.get("headers", ())]
    websocket = any(name == b"upgrade" and value.lower() == b"websocket" for name, value in headers)
    secure = head.get("secure", False)
    path = head.get("path", "/")
    scope: Scope = {
        "type": "websocket" if websocket else "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": head.get("http_version", "1.1"),
        "method": head.get("method", "GET"),
        "scheme": ("wss" if secure else "ws") if websocket else ("https" if secure else "http"),
        "path": path,
        "raw_path": path.encode("utf-8", "surrogatepass"),
        "query_string": head.get("query", b""),
        "root_path": "",
        "headers": headers,
        "client": head.get("remote"),
        "server": head.get("local"),
    }
    return make_environ(scope, _no_asgi, _no_asgi)


class Environs(Mapping[str, Environ]):
    """Environs by Engine.IO sid, each made when it is first asked for and the same from then on.

    They last until the session is closed and none of its sids is held any more. Clients of the
    engine's own port are listed once they have been asked for. One thread: the loop's.
    """

    def __init__(
        self,
        request_head: Callable[[str], Mapping[str, Any] | None],
        dropped: Callable[[str], None],
    ) -> None:
        self._request_head = request_head
        self._dropped = dropped
        self._requests: dict[str, tuple[Scope, Receive, Send]] = {}
        self._made: dict[str, Environ] = {}
        self._held: dict[str, set[Key]] = {}
        self._closed: set[str] = set()

    def opened(self, eio_sid: str, scope: Scope, receive: Receive, send: Send) -> None:
        """A request has opened a session, or upgraded it: the first one counts."""
        if eio_sid not in self._made:
            self._requests.setdefault(eio_sid, (scope, receive, send))

    def hold(self, eio_sid: str, key: Key) -> None:
        """A client whose handlers may ask for the environ."""
        self._held.setdefault(eio_sid, set()).add(key)

    def release(self, eio_sid: str, key: Key) -> None:
        held = self._held.get(eio_sid)
        if held is not None:
            held.discard(key)
            if not held:
                del self._held[eio_sid]
        if not held:
            self._drop_if_closed(eio_sid)

    def closed(self, eio_sid: str) -> None:
        self._closed.add(eio_sid)
        if eio_sid not in self._held:
            self._drop_if_closed(eio_sid)

    def clear(self) -> None:
        """The engine has ended, and every session with it."""
        for table in (self._requests, self._made, self._held, self._closed):
            table.clear()

    def make(self, eio_sid: str) -> Environ:
        """The environ, for a connect handler: made of nothing if the session has gone already."""
        environ = self.get(eio_sid)
        if environ is None:
            environ = self._made[eio_sid] = environ_from_head(None)
        return environ

    def __getitem__(self, eio_sid: str) -> Environ:
        environ = self._made.get(eio_sid)
        if environ is not None:
            return environ
        request = self._requests.pop(eio_sid, None)
        if request is not None:
            environ = make_environ(*request)
        else:
            head = self._request_head(eio_sid)
            if head is None:
                raise KeyError(eio_sid)
            environ = environ_from_head(head)
        self._made[eio_sid] = environ
        return environ

    def __iter__(self) -> Iterator[str]:
        return iter([*self._made, *self._requests])

    def __len__(self) -> int:
        return len(self._made) + len(self._requests)

    def _drop_if_closed(self, eio_sid: str) -> None:
        if eio_sid in self._closed:
            self._closed.discard(eio_sid)
            self._requests.pop(eio_sid, None)
            self._made.pop(eio_sid, None)
            self._dropped(eio_sid)
