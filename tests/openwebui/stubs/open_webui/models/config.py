from typing import Any


class Config:
    @staticmethod
    async def get(key: str) -> Any:
        return None

    @staticmethod
    async def get_many(*keys: str) -> dict[str, Any]:
        return {key: key.endswith(".enable") or None for key in keys}
