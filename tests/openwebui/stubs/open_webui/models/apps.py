from types import SimpleNamespace

from pydantic import BaseModel


class App: ...


class AppChannelMessage(BaseModel): ...


class AppTokenForm(BaseModel): ...


class Apps:
    """An app is known by the port at which its Socket.IO server listens."""

    @staticmethod
    async def get_app_by_id(app_id: str, **_: object) -> SimpleNamespace:
        data = {
            "url": f"http://127.0.0.1:{app_id}/app",
            "connection_token": "a token",
            "installation_id": "00000000-0000-0000-0000-000000000001",
            "manifest": {"id": "manifest", "public_key": "public"},
        }
        return SimpleNamespace(id=app_id, is_active=True, api_key="an api key", data=data)
