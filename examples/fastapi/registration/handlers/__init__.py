"""Registers the handlers of a client, and gives them what they need."""

from logging import Logger

from sio_native import AsyncServer, Socket

from ..database import Database
from ..gguf import GgufParser
from ..metrics import initialize_llama_metrics
from ..process_manager import ProcessManager
from .config import register_config_handlers
from .connection import register_connection_handlers
from .llama import register_llama_handlers
from .llama_router.process_handlers import register_process_handlers
from .logs import register_logs_handlers
from .metrics import register_metrics_handlers
from .models import register_models_handlers
from .presets.handlers import register_presets_handlers


def register_handlers(
    socket: Socket,
    io: AsyncServer,
    db: Database,
    gguf_parser: GgufParser,
    process_manager: ProcessManager,
    logger: Logger,
) -> None:
    register_connection_handlers(socket, logger)
    register_models_handlers(socket, io, db, gguf_parser)
    register_metrics_handlers(socket, db)
    register_logs_handlers(socket, db)
    register_config_handlers(socket, db)
    register_presets_handlers(socket, db)
    register_llama_handlers(socket, io, db, process_manager, initialize_llama_metrics)
    register_process_handlers(socket, io, db, process_manager)
