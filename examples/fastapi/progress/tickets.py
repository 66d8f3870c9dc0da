"""Tickets, by HTTP. Routes and background tasks tell all clients of each change."""

import asyncio
import uuid
from itertools import count
from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, HTTPException
from pydantic import BaseModel, Field

from sio_native import AsyncServer

from .changes import notify_data_change
from .tracker import ProgressTracker

Title = Annotated[str, Field(min_length=1, max_length=200)]


class NewTicket(BaseModel):
    title: Title


class Ticket(NewTicket):
    id: int


class Import(BaseModel):
    titles: list[Title] = Field(min_length=1, max_length=100)


class Started(BaseModel):
    operationId: str


def tickets_router(io: AsyncServer, tracker: ProgressTracker) -> APIRouter:
    router = APIRouter(prefix="/api/tickets")
    tickets: dict[int, Ticket] = {}
    numbers = count(1)

    async def created(title: str) -> Ticket:
        ticket = Ticket(id=next(numbers), title=title)
        tickets[ticket.id] = ticket
        await notify_data_change(io, "ticket", "created", ticket.model_dump())
        return ticket

    def find(id: int) -> Ticket:
        if id not in tickets:
            raise HTTPException(404, "There is no such ticket.")
        return tickets[id]

    @router.get("")
    async def everything() -> list[Ticket]:
        return list(tickets.values())

    @router.post("", status_code=201)
    async def create(ticket: NewTicket) -> Ticket:
        return await created(ticket.title)

    @router.put("/{id}")
    async def update(id: int, change: NewTicket) -> Ticket:
        ticket = find(id)
        ticket.title = change.title
        await notify_data_change(io, "ticket", "updated", ticket.model_dump())
        return ticket

    @router.delete("/{id}", status_code=204)
    async def delete(id: int) -> None:
        ticket = find(id)
        del tickets[id]
        await notify_data_change(io, "ticket", "deleted", ticket.model_dump())

    @router.post("/import", status_code=202)
    async def start_import(wanted: Import, tasks: BackgroundTasks) -> Started:
        """Answers at once; what follows is told by events."""
        operation_id = uuid.uuid4().hex
        tasks.add_task(import_all, operation_id, wanted.titles)
        return Started(operationId=operation_id)

    async def import_all(operation_id: str, titles: list[str]) -> None:
        await tracker.start(operation_id, len(titles))
        for step, title in enumerate(titles, 1):
            await created(title)
            await tracker.update(operation_id, step, f"Imported {title}")
            await asyncio.sleep(0.1)  # as if there were more to it
        await tracker.complete(operation_id, {"imported": len(titles)})

    return router
