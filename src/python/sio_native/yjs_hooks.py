"""What the engine asks of Python about documents: who may, what they begin with, where they go."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from .core import Core
from .troubles import Troubles
from .yjs_keeper import Keeper
from .yjs_store import Store

if TYPE_CHECKING:
    from .async_server import AsyncServer

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


class YjsHooks:
    """The application's hooks, and the store, if there is one. On the loop."""

    def __init__(self, sio: AsyncServer, core: Core) -> None:
        self._sio = sio
        self._core = core
        self.keeper: Keeper | None = None
        self.load: Callable[..., Any] | None = None
        self.store: list[Callable[..., Any]] = []
        self.authorize: Callable[..., Any] | None = None
        self.unstored: set[str] = set()  # documents whose last try has failed
        self.progress = 0  # rises when something has been stored
        self._tasks: set[asyncio.Future[None]] = set()
        self._troubles = Troubles()

    def keep(self, store: Store) -> None:
        """Every update goes there."""
        self.keeper = Keeper(store, self._kept, self._refused, self._core.log.socketio)

    def errors(self) -> list[dict[str, Any]]:
        """Why documents are not stored just now."""
        kept = [] if self.keeper is None else self.keeper.troubles.now()
        return kept + self._troubles.now()

    async def end(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=1)
        if self.keeper is not None:
            await self.keeper.abandon()

    def told(self, what: str, *told: Any) -> None:
        """A question of the engine's."""
        if what == "keep":
            assert self.keeper is not None
            self.keeper.keep(*told)
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
        self.progress += 1
        self.unstored.discard(document)

    def _refused(self, document: str) -> None:
        self.unstored.add(document)

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

    async def _decide(
        self, document: str, sid: str, namespace: str, auth: Any, claimed: Any
    ) -> None:
        # Without asking for `users`, which would take part in them from then on.
        users = vars(self._sio).get("users")
        user = None if users is None else users.user_of(sid)
        editor = Editor(sid, namespace, auth, claimed, user=user)
        may, told = 0, ""
        try:
            assert self.authorize is not None
            may = ACCESS[await _result(self.authorize(document, editor))]
            told = "" if editor.id is None else json.dumps(editor.id, allow_nan=False)
        except Exception:
            may = 0
            self._core.log.socketio.exception("on_authorize failed for %r", document)
        finally:
            self._core.engine.yjs_access(sid, namespace, document, may, told)

    async def _open(self, document: str) -> None:
        try:
            stored = None if self.keeper is None else await self.keeper.store.load(document)
            if stored is not None:
                engine = self._core.engine
                engine.yjs_loaded(document, stored.epoch, stored.number, stored.updates, b"", "")
                return
            seed, content = b"", ""
            if self.load is not None:
                begun = await _result(self.load(document))
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
            self.keeper.replace(document, epoch, number, snapshot)
            if replaces and self.keeper is not None
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
            for hook in self.store:
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


async def _result(given: Awaitable[Any] | Any) -> Any:
    return await given if inspect.isawaitable(given) else given
