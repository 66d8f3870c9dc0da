"""How a manager of one server reaches the clients of all, by messages: see `cluster_wire`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from . import exceptions
from .cluster_answers import Answers
from .cluster_members import BEAT, Members
from .cluster_requests import Late, Requests, Take
from .cluster_wire import (
    METHOD,
    Found,
    cluster_message,
    event_of,
    packed,
    rooms_from,
    unpacked,
    unpacked_answer,
    unpacked_socket,
    whom_message,
    whom_of,
)
from .pubsub_wire import Message
from .selection import Selection
from .types import Data, as_namespace

if TYPE_CHECKING:
    from .async_pubsub_manager import AsyncPubSubManager

MOST_RUNNING: Final = 10_000  # commands; what comes beyond them is left out
BYE_LIMIT: Final = 1.0  # seconds; whoever does not hear it finds out by itself


class Cluster:
    """Of a manager that listens. Asks all servers, answers what they ask. On the loop."""

    def __init__(self, manager: AsyncPubSubManager) -> None:
        self._manager = manager
        self._members = Members(self._say, self._is_deaf, self._gone)
        self._requests = Requests(self._say, manager._schedule)
        self._answers = Answers(manager, self._say)
        self._bad = 0
        self._running = 0  # commands that run the application's code
        self._serves = False

    def figures(self) -> dict[str, Any]:
        return {
            **self._members.figures(),
            "asking": len(self._requests),
            "answering": len(self._answers),
            "late": self._requests.late,
            "refused": self._answers.refused,
            "bad": self._bad,
        }

    # --- asking ---

    async def server_count(self) -> int:
        await self._others(self._manager.requests_timeout)
        return len(self._members.others) + 1

    async def sids(self, whom: Selection) -> list[str]:
        here = await self._manager.find_sockets(replace(whom, local=True))
        found = dict.fromkeys(here)

        def take(sid: Any) -> None:
            if not isinstance(sid, str):
                raise TypeError(f"a sid is a str, not {sid!r}")
            found[sid] = None

        await self._ask("sids", whom_message(whom), take, lambda: list(found))
        return list(found)

    async def sockets(self, whom: Selection) -> list[Found]:
        found = await self._manager.fetch_sockets(replace(whom, local=True))
        await self._ask(
            "sockets",
            whom_message(whom),
            lambda entry: found.append(unpacked_socket(entry)),
            lambda: found,
        )
        return found

    async def event(
        self, namespace: str, event: str, args: tuple[Any, ...], timeout: float | None
    ) -> list[Any]:
        """What the handlers of the other servers return."""
        answers: list[Any] = []
        about = {"nsp": namespace, "event": event, "args": packed(list(args))}
        self._manager.json.dumps(about)  # TypeError for what it cannot carry
        await self._ask(
            "event",
            about,
            lambda entry: answers.append(unpacked(entry)),
            lambda: answers,
            timeout,
        )
        return answers

    async def acks(
        self, whom: Selection, event: str, args: tuple[Any, ...], timeout: float | None
    ) -> dict[str, Data]:
        """The answers of the clients of other servers. Raises `exceptions.AckTimeoutError`."""
        answers: dict[str, Data] = {}

        def take(entry: Any) -> None:
            sid, answer = entry
            if not isinstance(sid, str):
                raise TypeError(f"a sid is a str, not {sid!r}")
            answers[sid] = unpacked_answer(answer)

        about = {**whom_message(whom), "event": event, "args": packed(list(args))}
        began = time.monotonic()
        try:
            others = await self._others(timeout)
            left = None if timeout is None else timeout - (time.monotonic() - began)
            asked = {"what": "acks", "timeout": left, **about}
            failures = await self._requests.ask(others, asked, take, left)
        except Late:
            raise exceptions.AckTimeoutError(
                f"not everybody has answered {event!r} within {timeout} seconds", answers
            ) from None
        _raise_for(failures, answers)
        return answers

    async def _ask(
        self,
        what: str,
        about: Message,
        take: Take,
        answers: Callable[[], list[Any]],
        timeout: float | None = None,
    ) -> None:
        """Raises `ServersTimeoutError` or `ServersError`, with the `answers` that came."""
        limit = self._manager.requests_timeout if timeout is None else timeout
        began = time.monotonic()
        try:
            others = await self._others(limit)
            left = limit - (time.monotonic() - began)
            failures = await self._requests.ask(others, {"what": what, **about}, take, left)
        except Late as late:
            raise exceptions.ServersTimeoutError(
                f"{late} within {limit:g} seconds", answers()
            ) from None
        _raise_for(failures, answers())

    async def _others(self, timeout: float | None) -> set[str]:
        manager = self._manager
        if manager.write_only or manager.server is None:
            raise RuntimeError("this client manager only publishes: it hears no answers")
        if manager.thread is None or manager.thread.done():
            manager.initialize()
        limit = manager.requests_timeout if timeout is None else timeout
        while not await self._members.settled(limit):
            if timeout is not None:
                raise Late("other servers were not asked, for this one does not hear its channel")
        return self._members.others

    # --- telling ---

    async def tell(self, kind: str, **about: Any) -> None:
        """All others, who do not answer."""
        await self._say(kind, **about)

    async def _say(self, kind: str, **about: Any) -> None:
        await self._manager._publish(cluster_message(self._manager.host_id, kind, **about))

    def _is_deaf(self) -> bool:
        return any(each["what"] == "listen" for each in self._manager.troubles.now())

    # --- life ---

    async def serve(self) -> None:
        self._serves = True
        told = False
        while True:
            try:
                await self._members.run()
            except Exception as error:  # of a broker that lets its errors through
                if not told:
                    told = True
                    text = "other servers are not told that this one is there: %s: %s"
                    self._manager._get_logger().warning(text, type(error).__name__, error)
                await asyncio.sleep(BEAT)

    async def end(self) -> None:
        """The server has shut down: before its listener ends."""
        if not self._serves:
            return
        self._serves = False
        if self._members.hears and not self._is_deaf():
            bye = asyncio.ensure_future(self._say("bye"))
            await asyncio.wait([bye], timeout=BYE_LIMIT)
            if not bye.cancel():
                bye.exception()
        self._members.stop()

    def _gone(self, name: str) -> None:
        self._requests.gone(name)
        self._answers.gone(name)

    # --- hearing ---

    async def heard(self, message: Message) -> None:
        """A message of anybody who can write to the channel."""
        try:
            await self._heard(message)
        except Exception as error:
            self._bad += 1
            # One is told in full; whoever goes on so does not fill the log.
            log = self._manager._get_logger()
            tell = log.warning if self._bad == 1 else log.debug
            tell("a message of another server was left out: %s: %s", type(error).__name__, error)

    async def _heard(self, message: Message) -> None:
        name, kind = message["from"], message["kind"]
        if not isinstance(name, str) or not self._serves:
            return
        if name == self._manager.host_id:
            if kind in ("hello", "beat"):
                self._members.heard_itself()
            return
        match kind:
            case "beat":
                self._members.heard(name, message["new"] is True)
            case "bye":
                self._members.left(name)
            case "answer":
                if message["to"] == self._manager.host_id:
                    self._requests.answered(message)
            case "ask":
                await self._answers.asked(message)
            case "end":
                self._answers.ended(name, message["id"])
            case "join" | "leave" | "disconnect" | "event":
                await self._do(kind, message)

    async def _do(self, kind: str, message: Message) -> None:
        manager, server = self._manager, self._manager.server
        assert server is not None  # nobody else listens
        if kind == "join":
            await manager.add_sockets(whom_of(message), list(rooms_from(message["into"])))
        elif kind == "leave":
            await manager.remove_sockets(whom_of(message), list(rooms_from(message["into"])))
        # The others run the application's code, which may wait for what comes after them.
        elif kind == "disconnect":
            close = message["close"] is True
            self._start(partial(manager.disconnect_sockets, whom_of(message), close))
        else:
            namespace, (event, args) = as_namespace(message["nsp"]), event_of(message)
            self._start(partial(server._server_event, namespace, event, args))
        # One turn of the loop for the command, and one for what it does with each client: what
        # comes behind it finds them told.
        for _ in range(2):
            await asyncio.sleep(0)

    def _start(self, work: Callable[[], Awaitable[Any]]) -> None:
        if self._running >= MOST_RUNNING:
            raise RuntimeError(f"{MOST_RUNNING} commands of other servers are carried out already")
        assert self._manager.server is not None
        self._running += 1
        self._manager.server.start_background_task(self._run, work)

    async def _run(self, work: Callable[[], Awaitable[Any]]) -> None:
        try:
            await work()
        except Exception:
            self._manager._get_logger().exception("what another server has told has failed")
        finally:
            self._running -= 1


def _raise_for(failures: list[str], answers: Any) -> None:
    if failures:
        told = "; ".join(failures[:3])
        raise exceptions.ServersError(f"{len(failures)} other servers have failed: {told}", answers)


__all__ = ["METHOD", "Cluster"]
