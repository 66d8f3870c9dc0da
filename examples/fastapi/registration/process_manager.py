"""The llama servers, simulated: a state for each model, and a thread that writes what one says."""

import asyncio
import time
from typing import Literal

from sio_native import AsyncServer

from .errors import Refused

State = Literal["stopped", "starting", "running", "stopping"]

NEXT: dict[State, State] = {
    "stopped": "starting",
    "starting": "running",
    "running": "stopping",
    "stopping": "stopped",
}
OUTPUT = ("loading the model", "warming up", "listening")
PACE = 0.05  # seconds a line


class WrongState(Refused):
    """What was asked for cannot follow the state that the process is in."""


class ProcessManager:
    """Tells everybody of each change, and those in its room what a process writes."""

    io: AsyncServer

    def __init__(self) -> None:
        self._states: dict[str, State] = {}

    def set_io(self, io: AsyncServer) -> None:
        self.io = io

    def states(self) -> dict[str, State]:
        """Of the processes that are there."""
        return dict(self._states)

    def state(self, model: str) -> State:
        return self._states.get(model, "stopped")

    async def start(self, model: str) -> None:
        """Returns when it runs. `WrongState` if it is there already."""
        await self._change(model, "starting")
        await asyncio.to_thread(self._follow_output, model)
        await self._change(model, "running")

    async def stop(self, model: str) -> None:
        """Returns when it has ended. `WrongState` if it does not run."""
        await self._change(model, "stopping")
        await self._change(model, "stopped")
        del self._states[model]

    async def _change(self, model: str, state: State) -> None:
        if NEXT[self.state(model)] != state:
            raise WrongState(f"{model} is {self.state(model)}")
        self._states[model] = state
        await self.io.emit("process:state", {"model": model, "state": state})

    def _follow_output(self, model: str) -> None:
        """In a thread, as who reads the pipe of a real process: there is no loop to await in."""
        for line in OUTPUT:
            time.sleep(PACE)
            told = {"model": model, "line": line}
            self.io.emit_nowait("process:output", told, to=output_room(model))


def output_room(model: str) -> str:
    """Where those are who follow what a process writes."""
    return f"output:{model}"
