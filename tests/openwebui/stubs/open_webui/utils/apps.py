from typing import Any

import aiohttp
from open_webui.models.apps import Apps


class AppTCPConnector(aiohttp.TCPConnector):
    def __init__(self, allow_private: bool) -> None:
        super().__init__()


class Cipher:
    @staticmethod
    def decrypt(value: bytes) -> bytes:
        return value


def validate_app_url(url: str) -> bool:
    return True


def get_app_encryption_cipher() -> Cipher:
    return Cipher()


async def get_app_by_id(app_id: str, **_: object) -> Any:
    return await Apps.get_app_by_id(app_id)


def get_app_response(app: Any) -> dict[str, Any]:
    return {"id": app.id, "name": "äpp"}


async def create_app_message(*_: object) -> None: ...


async def update_app_message(*_: object) -> None: ...
