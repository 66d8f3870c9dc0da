"""Each test runs in every arrangement; the servers of one are started once."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterator

import pytest

from .stage import ARRANGEMENTS, Stage, set_up

LIMIT = 30.0  # seconds for one test, on a busy machine
SAID = 4000  # characters of each server's log in a failure report


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a coroutine test on a loop of its own."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = pyfuncitem._fixtureinfo.argnames
    arguments = {name: pyfuncitem.funcargs[name] for name in names}
    asyncio.run(asyncio.wait_for(pyfuncitem.obj(**arguments), LIMIT))
    return True


@pytest.fixture(scope="session", params=ARRANGEMENTS.values(), ids=ARRANGEMENTS.keys())
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    with set_up(request.param) as stage:
        yield stage


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Add what the servers wrote when a test failed."""
    report = yield
    stage = getattr(item, "funcargs", {}).get("stage")
    if report.failed and stage is not None:
        for server in stage.servers:
            title = f"log of {server.flavour} on port {server.port}"
            report.sections.append((title, server.stderr()[-SAID:]))
    return report
