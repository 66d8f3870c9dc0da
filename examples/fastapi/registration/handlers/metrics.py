"""Who hears of the metrics, and how often."""

from pydantic import BaseModel, Field

from sio_native import Socket

from ..answers import Answer, done
from ..database import Database
from ..metrics import INTERVALS, collect_and_emit_metrics, collect_metrics, room_of


class Subscription(BaseModel):
    interval: int = Field(2000, ge=1, le=INTERVALS[-1])  # milliseconds


def register_metrics_handlers(socket: Socket, db: Database) -> None:
    @socket.on("metrics:get")
    async def get() -> Answer:
        return done(data=await collect_and_emit_metrics(socket, db))

    @socket.on("metrics:subscribe")
    async def subscribe(asked: Subscription) -> Answer:
        """Answers with the interval that it is: the next longer one that there is."""
        interval = next(each for each in INTERVALS if each >= asked.interval)
        await socket.leave([room_of(each) for each in INTERVALS])
        await socket.join(room_of(interval))
        return done(interval=interval, data=collect_metrics(db))

    @socket.on("metrics:unsubscribe")
    async def unsubscribe() -> Answer:
        await socket.leave([room_of(each) for each in INTERVALS])
        return done()
