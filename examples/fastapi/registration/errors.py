"""What has gone wrong in a handler, as the client is told: `{success: false, error}`."""

from logging import Logger

from sio_native import AsyncServer
from sio_native.error_hooks import ErrorContext
from sio_native.exceptions import PayloadError

from .answers import Answer


class Refused(Exception):
    """What was asked for cannot be done. Its text is for the client."""


def register_error_handler(io: AsyncServer, logger: Logger) -> None:
    @io.on_error
    async def failed(error: Exception, context: ErrorContext) -> Answer:
        if isinstance(error, PayloadError):  # not what the handler's annotations ask for
            fault = error.details[0]
            place = ".".join(map(str, fault["loc"][1:])) or "data"
            return {"success": False, "error": f"{place}: {fault['msg']}"}
        if isinstance(error, Refused):
            return {"success": False, "error": str(error)}
        logger.error("%s of %s failed", context.event, context.sid, exc_info=error)
        return {"success": False, "error": "Internal error"}
