"""How far an operation is."""

from typing import Any

from sio_native import AsyncServer

from .clock import now


class ProgressTracker:
    """Tells everybody, with the time of each step."""

    def __init__(self, io: AsyncServer) -> None:
        self.io = io

    async def start(self, operation_id: str, total_steps: int) -> None:
        await self._tell("operation-started", operation_id, totalSteps=total_steps)

    async def update(self, operation_id: str, current_step: int, message: str) -> None:
        step = {"currentStep": current_step, "message": message}
        await self._tell("operation-progress", operation_id, **step)

    async def complete(self, operation_id: str, result: Any) -> None:
        await self._tell("operation-complete", operation_id, result=result)

    async def _tell(self, event: str, operation_id: str, **what: Any) -> None:
        await self.io.emit(event, {"operationId": operation_id, **what, "timestamp": now()})
