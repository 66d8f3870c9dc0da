"""That somebody has come, and goes."""

from logging import Logger
from time import time

from sio_native import Socket


def register_connection_handlers(socket: Socket, logger: Logger) -> None:
    logger.info("%s has come from %s", socket.id, socket.handshake.address)

    @socket.on("connection:ping")
    async def ping() -> float:
        """The server's time, in seconds since 1970."""
        return time()

    @socket.on("disconnect")
    async def left(reason: str) -> None:
        logger.info("%s has left: %s", socket.id, reason)
