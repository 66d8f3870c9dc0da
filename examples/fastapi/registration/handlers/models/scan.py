"""Looks for models in the folder of the configuration."""

import asyncio
from pathlib import Path

from sio_native import AsyncServer, Socket

from ...answers import Answer, done
from ...database import Database
from ...gguf import GgufParser


def register_models_scan_handlers(
    socket: Socket, io: AsyncServer, db: Database, gguf_parser: GgufParser
) -> None:
    @socket.on("models:scan")
    async def scan() -> Answer:
        """Who has asked sees how far it is, and everybody what was found."""
        folder = Path(db.config.get("models_dir"))
        files = await asyncio.to_thread(lambda: sorted(folder.glob("*.gguf")))
        found: list[str] = []
        problems: list[str] = []
        for number, file in enumerate(files, 1):
            try:
                parameters = await asyncio.to_thread(gguf_parser, file)
            except (OSError, ValueError) as error:
                problems.append(str(error))
            else:
                db.models.put(file.stem, parameters)
                found.append(file.stem)
            await socket.emit("models:scan-progress", {"done": number, "of": len(files)})
        await io.emit("models:scanned", {"found": found})
        return done(found=found, problems=problems)
