"""Fixtures of the interop tests, and what the servers said when one fails."""

import asyncio
import gc
import inspect
import os
from collections.abc import Iterator

import pytest

from .js_driver import Node
from .serving import OUR_FLAVOURS, ServerPool

LIMIT = 20.0  # seconds for a coroutine test
STDERR_SHOWN = 4000  # characters of each server's stderr in a failure report

# Another list to judge by the same tests, as SIO_INTEROP_FLAVOURS=reference does.
FLAVOURS = tuple(filter(None, os.environ.get("SIO_INTEROP_FLAVOURS", "").split(",")))
if not FLAVOURS:
    FLAVOURS = OUR_FLAVOURS

_pool_key = pytest.StashKey[ServerPool]()
_said_before_key = pytest.StashKey[dict[int, int]]()


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a coroutine test on a loop of its own."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = pyfuncitem._fixtureinfo.argnames
    arguments = {name: pyfuncitem.funcargs[name] for name in names}

    async def limited() -> None:
        await asyncio.wait_for(pyfuncitem.obj(**arguments), LIMIT)

    asyncio.run(limited())
    return True


@pytest.fixture(scope="session")
def js() -> Iterator[Node]:
    node = Node()
    yield node
    node.close()


@pytest.fixture(scope="session")
def pool(request: pytest.FixtureRequest) -> Iterator[ServerPool]:
    servers = ServerPool()
    request.config.stash[_pool_key] = servers
    yield servers
    servers.close()


@pytest.fixture(params=FLAVOURS)
def flavour(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=["polling", "websocket"])
def transport(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def own_port() -> str:
    """The flavour of tests about our own listener and WebSocket codec."""
    return "listen" if "listen" in FLAVOURS else FLAVOURS[0]


@pytest.fixture(autouse=True)
def _stderr_before(request: pytest.FixtureRequest, pool: ServerPool) -> None:
    request.node.stash[_said_before_key] = {
        server.pid: len(server.stderr()) for server in pool.running()
    }


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Add what the servers wrote during a test that failed."""
    if call.excinfo is not None:
        # A forgotten task reports its error when it is collected, and CPython 3.11 breaks if that
        # happens while pytest parses source for its own report.
        gc.collect()
    report = yield
    if report.failed and _pool_key in item.config.stash:
        before = item.stash.get(_said_before_key, {})
        for server in item.config.stash[_pool_key].running():
            said = server.stderr()[before.get(server.pid, 0) :]
            if said:
                title = f"stderr of the {server.flavour} server on port {server.port}"
                report.sections.append((title, said[-STDERR_SHOWN:]))
    return report
