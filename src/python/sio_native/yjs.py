"""Documents that Yjs editors share: `AsyncServer.yjs`.

The engine keeps and passes on what editors do; Python decides who may, and where it is stored.
"""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from . import _core
from .core import Core
from .options import milliseconds, whole
from .service import Service
from .troubles import Troubles
from .yjs_keeper import Keeper
from .yjs_sqlite import SQLiteStore
from .yjs_store import Change, MemoryStore, Store, Stored

if TYPE_CHECKING:
    import pycrdt

    from .async_server import AsyncServer
    from .yjs_websocket import WebSocketApp

__all__ = ["Change", "Editor", "MemoryStore", "SQLiteStore", "Store", "Stored", "YjsDocuments"]

Hook = TypeVar("Hook", bound=Callable[..., Any])

DIALECTS: Final = ("open-webui", "y-socket.io")
ACCESS: Final = {None: 0, "none": 0, "read": 1, "write": 2}


@dataclass
class Editor:
    """A client that wants to open a document.

    `user` is whom `sio.users.bind` has bound it to, None for nobody's; `auth` what a client of
    y-socket.io authenticates with, `claimed` the `user_id` that one of Open WebUI says it has. The
    others are told `user`, or `claimed` if that is None. Set `id` to what they are to be told in
    their place: anything that JSON can carry.
    """

    sid: str
    namespace: str
    auth: Any = None
    claimed: Any = None
    id: Any = None
    user: str | None = None


class YjsDocuments:
    """The documents of a server. Nothing is shared before `serve`."""

    def __init__(self, sio: AsyncServer, core: Core, service: Service) -> None:
        self._sio = sio
        self._core = core
        self._service = service
        self._options: dict[str, Any] | None = None
        self._keeper: Keeper | None = None
        self._load: Callable[..., Any] | None = None
        self._store_hooks: list[Callable[..., Any]] = []
        self._authorize: Callable[..., Any] | None = None
        self._questions: dict[int, asyncio.Future[bytes]] = {}
        self._last_question = 0
        self._tasks: set[asyncio.Future[None]] = set()
        self._failures = 0  # of hooks that store, so far
        self._troubles = Troubles()

    def serve(
        self,
        store: Store | None = None,
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
        max_awareness_bytes: int = 4 * 1024,
        max_awareness_rate: int = 30,
        max_unstored_bytes: int = 8 * 1024 * 1024,
        max_data_bytes: int = 1024 * 1024,
    ) -> None:
        """Share documents from now on; before the server starts, and once.

        Without a `store` they are in memory, and gone with the process. With one every update goes
        there; `durable`: before others see it and it is acknowledged. Times are in seconds:
        `on_store` is called once a document has not changed for `store_delay`, or after
        `store_max_wait`. `keep_deleted` keeps what editors have deleted, for those that show
        earlier versions. `max_update_bytes` is 1 MiB, or less if `max_http_buffer_size` lets less
        pass as a list of integers. `max_awareness_rate` is a second's, of one client.

        Raises `ValueError` for values that make no sense and for a server whose packets are not
        JSON, `RuntimeError` if it has been called before or the server has started.
        """
        if self._core.serializer.packet_format != "json":
            raise ValueError("documents are shared in JSON packets: this server has another kind")
        if self._options is not None:
            raise RuntimeError("documents are shared already")
        if self._core.started:
            raise RuntimeError("share documents before the server starts")
        unknown = set(dialects) - set(DIALECTS)
        if unknown or isinstance(dialects, str):
            raise ValueError(f"dialects must be some of {DIALECTS}, not {dialects!r}")
        if durable and store is None:
            raise ValueError("durable documents need a store")
        room = self._room_for_an_update()
        if max_update_bytes is None:
            max_update_bytes = room
        elif max_update_bytes > room and "open-webui" in dialects:
            self._core.log.socketio.warning(
                "max_update_bytes is %d, but max_http_buffer_size lets some %d pass as a list of "
                "integers",
                max_update_bytes,
                room,
            )
        self._options = {
            "open_webui": "open-webui" in dialects,
            "y_socket_io": "y-socket.io" in dialects,
            "durable": durable,
            "drop_deleted": not keep_deleted,
            "store_after_ms": milliseconds("store_delay", store_delay),
            "store_within_ms": milliseconds("store_max_wait", store_max_wait),
            "unload_after_ms": milliseconds("unload_after", unload_after),
            "max_update_bytes": whole("max_update_bytes", max_update_bytes, 1),
            "max_document_bytes": whole("max_document_bytes", max_document_bytes, 1),
            "max_documents_per_session": whole(
                "max_documents_per_session", max_documents_per_session, 1
            ),
            "max_documents": whole("max_documents", max_documents, 1),
            "max_awareness_bytes": whole("max_awareness_bytes", max_awareness_bytes, 1),
            "max_awareness_rate": whole("max_awareness_rate", max_awareness_rate, 1),
            "max_unkept_bytes": whole("max_unstored_bytes", max_unstored_bytes, 1),
            "max_data_bytes": whole("max_data_bytes", max_data_bytes, 1),
        }
        if store is not None:
            self._keeper = Keeper(store, self._kept, self._core.log.socketio)
        self._service.add_route(_core.YJS, self._told)
        self._service.when_ending.append(self.flush)
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
        self._load = hook
        return hook

    def on_store(self, hook: Hook) -> Hook:
        """Decorator: `hook(document, snapshot, data)` is called after changes, see `serve`.

        `snapshot` is one update that has all; `data` what an editor of Open WebUI has last sent as
        its own rendering, or None. One that raises is logged and called again, later each time; the
        document stays in memory until it has not.
        """
        self._before_start("on_store")
        self._store_hooks.append(hook)
        return hook

    def on_authorize(self, hook: Hook) -> Hook:
        """Decorator: `hook(document, editor)` says what an `Editor` may: "write", "read", "none".

        Asked when a client joins a document; the answer holds until it leaves, or `revoke`, or is
        bound to another user: then it is asked again. None is "none", and so is one that raises,
        which is logged.
        """
        self._before_start("on_authorize")
        self._authorize = hook
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

        Raises `ValueError` with the reason why it is refused.
        """
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
        return list(json.loads(await self._ask(self._core.engine.yjs_documents, sid)))

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
        """Put a client out of a document, and tell it; it may ask again."""
        self._core.engine.yjs_put_out(named(document), sid)

    async def flush(self) -> None:
        """Store now what would be stored later. Gives up when a store fails meanwhile."""
        if self._options is None or not self._core.started:
            return
        failures = self._all_failures()
        while unstored := self._core.engine.yjs_flush():
            if self._all_failures() > failures:
                self._core.log.socketio.error("%d documents could not be stored", unstored)
                return
            running = self._keeper.running if self._keeper is not None else None
            waiting = [*self._tasks, *([running] if running is not None else [])]
            if waiting:
                await asyncio.wait(waiting, timeout=0.05, return_when=asyncio.FIRST_COMPLETED)
            else:
                await asyncio.sleep(0.005)  # its notification is on its way

    def stats(self) -> dict[str, Any]:
        """Counters: documents, members, bytes, updates, duplicates, `refused` by reason…"""
        if self._options is None or not self._core.started:
            return {}
        return self._core.engine.yjs_stats()

    def _errors(self) -> list[dict[str, Any]]:
        """For `AsyncServer.health`: why documents are not stored just now."""
        kept = [] if self._keeper is None else self._keeper.troubles.now()
        return kept + self._troubles.now()

    async def _ask(self, command: Callable[..., None], *arguments: Any) -> bytes:
        if self._options is None:
            raise RuntimeError("no documents are shared: call serve() first")
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

    def _all_failures(self) -> int:
        return self._failures + (0 if self._keeper is None else self._keeper.failures)

    def _started(self) -> None:
        assert self._options is not None
        self._core.engine.yjs_serve(
            {
                **self._options,
                "asks_access": self._authorize is not None,
                "loads": self._keeper is not None or self._load is not None,
                "keeps_updates": self._keeper is not None,
                "stores": bool(self._store_hooks),
            }
        )

    def _told(self, what: str, *told: Any) -> None:
        if what == "keep":
            assert self._keeper is not None
            self._keeper.keep(*told)
        elif what == "answer":
            self._answered(*told)
        elif what == "access":
            self._spawn(self._decide(*told))
        elif what == "load":
            self._spawn(self._open(*told))
        else:
            self._begin_to_store(*told)

    def _spawn(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _kept(self, document: str, number: int) -> None:
        self._core.engine.yjs_kept(document, number)

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

    async def _decide(
        self, document: str, sid: str, namespace: str, auth: Any, claimed: Any
    ) -> None:
        # Without asking for `users`, which would take part in them from then on.
        users = vars(self._sio).get("users")
        user = None if users is None else users.user_of(sid)
        editor = Editor(sid, namespace, auth, claimed, user=user)
        may, told = 0, ""
        try:
            assert self._authorize is not None
            may = ACCESS[await _result(self._authorize(document, editor))]
            told = "" if editor.id is None else json.dumps(editor.id, allow_nan=False)
        except Exception:
            may = 0
            self._core.log.socketio.exception("on_authorize failed for %r", document)
        finally:
            self._core.engine.yjs_access(sid, namespace, document, may, told)

    async def _open(self, document: str) -> None:
        try:
            stored = None if self._keeper is None else await self._keeper.store.load(document)
            if stored is not None:
                engine = self._core.engine
                engine.yjs_loaded(document, stored.epoch, stored.number, stored.updates, b"", "")
                return
            seed, content = b"", ""
            if self._load is not None:
                begun = await _result(self._load(document))
                if isinstance(begun, (bytes, bytearray, memoryview)):
                    seed = bytes(begun)
                elif begun is not None:
                    content = json.dumps(begun, allow_nan=False)
            self._core.engine.yjs_loaded(document, "", 0, [], seed, content)
        except Exception:
            self._core.log.socketio.exception("the document %r could not be loaded", document)
            self._core.engine.yjs_not_loaded(document)
        except BaseException:  # cancelled: those who wait for it are told
            self._core.engine.yjs_not_loaded(document)
            raise

    def _begin_to_store(
        self, document: str, epoch: str, number: int, snapshot: bytes, data: Any, replaces: bool
    ) -> None:
        # In its turn among the updates, before anything else that the engine tells.
        replaced = (
            self._keeper.replace(document, epoch, number, snapshot)
            if replaces and self._keeper is not None
            else None
        )
        self._spawn(self._store(document, snapshot, data, replaced))

    async def _store(
        self, document: str, snapshot: bytes, data: Any, replaced: asyncio.Future[None] | None
    ) -> None:
        stored = False
        try:
            if replaced is not None:
                await asyncio.shield(replaced)
            for hook in self._store_hooks:
                await _result(hook(document, snapshot, data))
            stored = True
            self._troubles.worked("on_store")
        except Exception as error:
            self._failures += 1
            self._troubles.failed("on_store", error)
            self._core.log.socketio.exception("the document %r could not be stored", document)
        finally:
            self._core.engine.yjs_stored(document, stored)

    def _room_for_an_update(self) -> int:
        # As a list of integers a byte takes 3.6 characters, and never more than four.
        return max(1, min(1024 * 1024, (self._sio._options.max_http_buffer_size - 1024) // 4))


def named(document: str) -> str:
    """The name that the engine has for it: Open WebUI has two for a note."""
    if not isinstance(document, str) or not document:
        raise ValueError(f"a document's name is a str that is not empty, not {document!r}")
    return "note:" + document[5:] if document.startswith("note_") else document


async def _result(of: Awaitable[Any] | Any) -> Any:
    return await of if inspect.isawaitable(of) else of
