"""Documents that Yjs editors share: `AsyncServer.yjs`.

The engine keeps and passes on what editors do; Python decides who may, and where it is stored.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, Final, TypeVar

from . import _core
from .core import Core
from .service import Service
from .yjs_hooks import Editor, YjsHooks
from .yjs_options import DIALECTS, DocumentOptions, as_store
from .yjs_sqlite import SQLiteStore
from .yjs_store import Change, MemoryStore, Store, Stored

if TYPE_CHECKING:
    import pycrdt

    from .async_server import AsyncServer
    from .yjs_websocket import WebSocketApp

__all__ = ["Change", "Editor", "MemoryStore", "SQLiteStore", "Store", "Stored", "YjsDocuments"]

Hook = TypeVar("Hook", bound=Callable[..., Any])

END_PATIENCE: Final = 5.0  # seconds without anything being stored


class YjsDocuments:
    """The documents of a server. Nothing is shared before `serve`."""

    def __init__(self, sio: AsyncServer, core: Core, service: Service) -> None:
        self._sio = sio
        self._core = core
        self._service = service
        self._options: dict[str, Any] | None = None
        self._hooks = YjsHooks(sio, core)
        self._questions: dict[int, asyncio.Future[bytes]] = {}
        self._last_question = 0
        self._ended = False

    def serve(
        self,
        store: Store | str | os.PathLike[str] | None = None,
        *,
        durable: bool = False,
        dialects: Collection[str] = DIALECTS,
        store_delay: float = 0.5,
        store_max_wait: float = 5.0,
        unload_after: float = 10.0,
        keep_deleted: bool = False,
        max_update_bytes: int | None = None,
        max_document_bytes: int = 8 * 1024 * 1024,
        max_documents_per_session: int = 20,
        max_documents: int = 100_000,
        max_total_bytes: int = 1024 * 1024 * 1024,
        max_awareness_bytes: int | None = None,
        max_awareness_rate: int = 30,
        max_unstored_bytes: int = 8 * 1024 * 1024,
        max_data_bytes: int | None = None,
    ) -> None:
        """Share documents from now on; before the server starts, and once.

        Without a `store` they are in memory, and gone with the process. With one, a path is that of
        an `SQLiteStore`, every update goes there; `durable`: before others see it and it is
        acknowledged. Times are in seconds: `on_store` is called once a document has not changed for
        `store_delay`, or after `store_max_wait`. `keep_deleted` keeps what editors have deleted,
        for those that show earlier versions.

        What is not given is 1 MiB (`max_update_bytes`, `max_data_bytes`) or 4 KiB
        (`max_awareness_bytes`), or less if another bound or `max_http_buffer_size` lets less pass.
        `max_total_bytes` is of all documents in memory, shared evenly by the engine's threads.
        `max_awareness_rate` is a second's, of one client. Bounds that contradict each other are
        warned of.

        Raises `ValueError` or `TypeError` for values that make no sense, `ValueError` for a server
        whose packets are not JSON, `RuntimeError` if it has been called before or the server has
        started.
        """
        if self._core.serializer.packet_format != "json":
            raise ValueError("documents are shared in JSON packets: this server has another kind")
        if self._options is not None:
            raise RuntimeError("documents are shared already")
        if self._core.started:
            raise RuntimeError("share documents before the server starts")
        chosen = DocumentOptions(
            durable=durable,
            dialects=dialects,
            store_delay=store_delay,
            store_max_wait=store_max_wait,
            unload_after=unload_after,
            keep_deleted=keep_deleted,
            max_update_bytes=max_update_bytes,
            max_document_bytes=max_document_bytes,
            max_documents_per_session=max_documents_per_session,
            max_documents=max_documents,
            max_total_bytes=max_total_bytes,
            max_awareness_bytes=max_awareness_bytes,
            max_awareness_rate=max_awareness_rate,
            max_unstored_bytes=max_unstored_bytes,
            max_data_bytes=max_data_bytes,
        )
        made = as_store(store)
        self._begin(made, chosen)
        if isinstance(made, SQLiteStore) and made is not store:
            self._service.when_ending.append(made.close)

    def _begin(self, store: Store | None, chosen: DocumentOptions) -> None:
        server = self._sio._options
        self._options = chosen.for_engine(
            server.max_http_buffer_size, server.threads, store is not None
        )
        if store is not None:
            self._hooks.keep(store)
        self._service.add_route(_core.YJS, self._told)
        self._service.when_ending.append(self._end)
        self._service.when_ended.append(self._fail_questions)
        self._core.when_started.append(self._started)

    def websocket_app(self) -> WebSocketApp:
        """An ASGI application for npm's y-websocket, to be mounted at the provider's URL.

        `new WebsocketProvider("wss://host/collab", "my-document", doc, {params: {token}})` is in
        the document of that name, as an editor of y-socket.io would be: `params` are its
        `Editor.auth`. `RuntimeError` unless that dialect is served.
        """
        from .yjs_websocket import WebSocketApp

        if self._options is None or not self._options["y_socket_io"]:
            raise RuntimeError('y-websocket needs serve() with the dialect "y-socket.io"')
        return WebSocketApp(self._sio)

    # --- hooks ---

    def on_load(self, hook: Hook) -> Hook:
        """Decorator: `hook(document)` gives what a document that is in no store begins with.

        Called once when it is opened. The result is an update in `bytes`, None, or, for editors of
        Open WebUI, the content that they make the first update of. One that raises is logged, and
        whoever wanted to open the document is told "not_loaded".
        """
        self._before_start("on_load")
        self._hooks.load = hook
        return hook

    def on_store(self, hook: Hook) -> Hook:
        """Decorator: `hook(document, snapshot, data)` is called after changes, see `serve`.

        `snapshot` is one update that has all; `data` what an editor of Open WebUI has last sent as
        its own rendering, or None. One that raises is logged and called again, later each time; the
        document stays in memory until it has not.
        """
        self._before_start("on_store")
        self._hooks.store.append(hook)
        return hook

    def on_authorize(self, hook: Hook) -> Hook:
        """Decorator: `hook(document, editor)` says what an `Editor` may: "write", "read", "none".

        Asked when a client joins a document; the answer holds until it leaves, or `revoke`, or is
        bound to another user: then it is asked again. None is "none", and so is one that raises,
        which is logged.
        """
        self._before_start("on_authorize")
        self._hooks.authorize = hook
        return hook

    def _before_start(self, name: str) -> None:
        if self._core.started and self._options is not None:
            raise RuntimeError(f"register {name} before the server starts")

    # --- what the application does ---

    async def snapshot(self, document: str) -> bytes:
        """All there is of a document, as one update; it is loaded if it is not open.

        Raises `LookupError` if it cannot be loaded.
        """
        return await self._ask(self._core.engine.yjs_snapshot, named(document))

    async def apply(self, document: str, update: bytes) -> None:
        """Change a document as an editor would. Returns when it is kept, if it is to be.

        Raises `ValueError` with the reason why it is refused, `TypeError` for what is not bytes.
        """
        if not isinstance(update, (bytes, bytearray, memoryview)):
            raise TypeError(f"an update is bytes, not {type(update).__name__}")
        try:
            await self._ask(self._core.engine.yjs_apply, named(document), bytes(update))
        except LookupError as error:
            raise ValueError(f"the update was refused: {error}") from None

    async def clear(self, document: str) -> None:
        """Forget a document, here and in the store.

        If `durable`, it returns when the store has done so. Who is in it is put out and told
        "cleared". Changes that `on_store` has not been told yet it is told before. Raises
        `LookupError` if it cannot be loaded.
        """
        await self._ask(self._core.engine.yjs_clear, named(document))

    async def members(self, document: str) -> list[str]:
        """The sids of those who are in a document."""
        answer = await self._ask(self._core.engine.yjs_members, named(document))
        return list(json.loads(answer))

    async def documents_of(self, sid: str) -> list[str]:
        """The documents that a client is in."""
        return list(json.loads(await self._ask(self._core.engine.yjs_documents, checked(sid))))

    async def doc(self, document: str) -> pycrdt.Doc[Any]:
        """A copy of a document for `pycrdt`, which must be installed."""
        import pycrdt

        made: pycrdt.Doc[Any] = pycrdt.Doc()
        made.apply_update(await self.snapshot(document))
        return made

    async def text(self, document: str, field: str = "text") -> str:
        """The text of a document's shared type of this name. Needs `pycrdt`."""
        import pycrdt

        made = await self.doc(document)
        return str(made.get(field, type=pycrdt.Text))

    async def revoke(self, document: str, sid: str) -> None:
        """Put a client out of a document, and tell it; it may ask again.

        One that is about to come in, while `on_authorize` is asked or the document is loaded, does
        not.
        """
        self._serving()
        self._core.engine.yjs_put_out(named(document), checked(sid))

    async def flush(self) -> None:
        """Store now what would be stored later, also what has failed.

        Returns when each document is stored or has failed once more, which is logged.
        """
        await self._flush(None)

    async def _flush(self, patience: float | None) -> None:
        """`patience`: so many seconds in which nothing is stored, and it gives up."""
        if self._options is None or not self._core.started:
            return
        clock = asyncio.get_running_loop().time
        hooks = self._hooks
        hooks.unstored.clear()
        if hooks.keeper is not None:
            hooks.keeper.hurry()
        failed_too, progress, since = True, hooks.progress, clock()
        while unstored := self._core.engine.yjs_flush(failed_too):
            failed_too = False
            if hooks.progress != progress:
                progress, since = hooks.progress, clock()
            if len(hooks.unstored) >= unstored:
                break
            if patience is not None and clock() - since > patience:
                break
            await asyncio.sleep(0.005)
        if unstored:
            self._core.log.socketio.error(
                "%d documents are not stored, among them %r", unstored, sorted(hooks.unstored)[:10]
            )

    async def _end(self) -> None:
        """The server shuts down, and does not wait for long for what does not answer."""
        await self._flush(END_PATIENCE)
        self._ended = True
        await self._hooks.end()

    def _fail_questions(self) -> None:
        for question in self._questions.values():
            if not question.done() and not question.get_loop().is_closed():
                question.set_exception(RuntimeError("the server has been shut down"))

    def stats(self) -> dict[str, Any]:
        """Counters: documents, members, bytes, updates, duplicates, `refused` by reason…"""
        if self._options is None or not self._core.started:
            return {}
        return self._core.engine.yjs_stats()

    def _errors(self) -> list[dict[str, Any]]:
        """For `AsyncServer.health`: why documents are not stored just now."""
        return self._hooks.errors()

    def _serving(self) -> None:
        if self._options is None:
            raise RuntimeError("no documents are shared: call serve() first")
        if self._ended:
            raise RuntimeError("the server has been shut down")

    async def _ask(self, command: Callable[..., None], *arguments: Any) -> bytes:
        self._serving()
        self._service.bind()
        self._last_question += 1
        question = self._last_question
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._questions[question] = answer
        try:
            command(question, *arguments)
            return await answer
        finally:
            del self._questions[question]

    # --- what the engine asks ---

    def _started(self) -> None:
        assert self._options is not None
        hooks = self._hooks
        self._ended = False
        self._core.engine.yjs_serve(
            {
                **self._options,
                "asks_access": hooks.authorize is not None,
                "loads": hooks.keeper is not None or hooks.load is not None,
                "keeps_updates": hooks.keeper is not None,
                "stores": bool(hooks.store),
            }
        )

    def _told(self, what: str, *told: Any) -> None:
        if what == "answer":
            self._answered(*told)
        else:
            self._hooks.told(what, *told)

    def _answered(self, question: int, ok: bool, data: bytes) -> None:
        answer = self._questions.get(question)
        if answer is None or answer.done():
            return
        if ok:
            answer.set_result(data)
        else:
            answer.set_exception(LookupError(data.decode()))

    def _bound(self, sid: str, user: str) -> None:
        if self._options is not None and self._core.started:
            self._core.engine.yjs_bound(sid, user)


def named(document: str) -> str:
    """The name that the engine has for it: Open WebUI has two for a note."""
    if not isinstance(document, str) or not document:
        raise ValueError(f"a document's name is a str that is not empty, not {document!r}")
    return "note:" + document[5:] if document.startswith("note_") else document


def checked(sid: str) -> str:
    """A sid, which may be nobody's."""
    if not isinstance(sid, str):
        raise TypeError(f"a sid is a str, not {sid!r}")
    return sid
