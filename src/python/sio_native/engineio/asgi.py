"""The ASGI application: Engine.IO's path, static files, another application behind it."""

from __future__ import annotations

from typing import Any, cast

from .. import asgi
from ..asgi import LifespanHook
from ..types import ASGIApplication, StaticFiles
from .async_server import AsyncServer


class ASGIApp(asgi.ASGIApp):
    """Routes Engine.IO's requests to a server, and all else to files or another application.

    `engineio_path` is compared with the full path of a request and, where the application is
    mounted, with the path below the mount; None takes every request. The server is shut down
    with the application, before `on_shutdown` is called.
    """

    def __init__(
        self,
        engineio_server: AsyncServer,
        other_asgi_app: ASGIApplication | None = None,
        static_files: StaticFiles | None = None,
        engineio_path: str | None = "engine.io",
        on_startup: LifespanHook | None = None,
        on_shutdown: LifespanHook | None = None,
    ) -> None:
        super().__init__(
            cast(Any, engineio_server),  # which has what an application needs of a server
            other_asgi_app,
            static_files,
            engineio_path,
            on_startup,
            on_shutdown,
        )
