"""Documents that Yjs editors share: `AsyncServer.yjs`.

The engine keeps and passes on what editors do; Python decides who may, and where it is stored.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import os
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from . import _core
from .core import Core
from .service import Service
from .troubles import Troubles
from .yjs_keeper import Keeper
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
        self._unstored: set[str] = set()  # documents whose last try has failed
        self._progress = 0  # rises when something has been stored
        self._ended = False
        self._troubles = Troubles()

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
            self._keeper = Keeper(store, self._kept, self._refused, self._core.log.socketio)
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
        self._unstored.clear()
        if self._keeper is not None:
            self._keeper.hurry()
        failed_too, progress, since = True, self._progress, clock()
        while unstored := self._core.engine.yjs_flush(failed_too):
            failed_too = False
            if self._progress != progress:
                progress, since = self._progress, clock()
            if len(self._unstored) >= unstored:
                break
            if patience is not None and clock() - since > patience:
                break
            await asyncio.sleep(0.005)
        if unstored:
            self._core.log.socketio.error(
                "%d documents are not stored, among them %r", unstored, sorted(self._unstored)[:10]
            )

    async def _end(self) -> None:
        """The server shuts down, and does not wait for long for what does not answer."""
        await self._flush(END_PATIENCE)
        self._ended = True
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=1)
        if self._keeper is not None:
            await self._keeper.abandon()

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
        kept = [] if self._keeper is None else self._keeper.troubles.now()
        return kept + self._troubles.now()

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
        self._ended = False
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
        elif what == "fault":
            self._load_fault(*told)
        else:
            self._begin_to_store(*told)

    def _spawn(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _kept(self, document: str, number: int) -> None:
        self._has_stored(document)
        self._core.engine.yjs_kept(document, number)

    def _has_stored(self, document: str) -> None:
        self._progress += 1
        self._unstored.discard(document)

    def _refused(self, document: str) -> None:
        self._unstored.add(document)

    def _load_fault(self, document: str, damaged: int, count: int, seed: str) -> None:
        if seed:
            self._core.log.socketio.error(
                "the document %r cannot begin with what on_load has given: %s", document, seed
            )
            return
        self._core.log.socketio.error(
            "%d of %d stored updates of the document %r are damaged and left out; they stay in the "
            "store, which gets no snapshot of the document in their place",
            damaged,
            count,
            document,
        )

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
            self._has_stored(document)
            self._troubles.worked("on_store")
        except Exception as error:
            self._refused(document)
            self._troubles.failed("on_store", error)
            self._core.log.socketio.exception("the document %r could not be stored", document)
        finally:
            self._core.engine.yjs_stored(document, stored)


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


async def _result(given: Awaitable[Any] | Any) -> Any:
    return await given if inspect.isawaitable(given) else given
