"""The two packages, and the doors to ours."""

from __future__ import annotations

import asyncio
import functools
from typing import Any

import socketio

import sio_native

from .play import House, Play
from .table import Scenario, load

REFERENCE = House(socketio)
OURS = {"own-port": House(sio_native, own_port=True), "uvicorn": House(sio_native)}
LIMIT = 30.0  # seconds for one play, on a busy machine


def perform(scenario: Scenario, house: House) -> dict[str, Any]:
    """The transcript of one play."""

    async def limited() -> dict[str, Any]:
        return await asyncio.wait_for(Play(house, scenario).perform(), LIMIT)

    return asyncio.run(limited())


@functools.cache
def by_the_reference(name: str) -> dict[str, Any]:
    """python-socketio's transcript; not to be changed."""
    return perform(load()[name], REFERENCE)
