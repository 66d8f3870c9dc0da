"""All that is done with models."""

from sio_native import AsyncServer, Socket

from ...database import Database
from ...gguf import GgufParser
from .crud import register_models_crud_handlers
from .router_ops import register_models_router_handlers
from .scan import register_models_scan_handlers


def register_models_handlers(
    socket: Socket, io: AsyncServer, db: Database, gguf_parser: GgufParser
) -> None:
    register_models_crud_handlers(socket, io, db)
    register_models_router_handlers(socket, io)
    register_models_scan_handlers(socket, io, db, gguf_parser)
