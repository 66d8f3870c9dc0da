from typing import Any

from open_webui.people import split


async def has_permission(user_id: str, permission: str, *_: object) -> bool:
    return split(user_id)[0] != "guest" or permission != "features.channels"


def combine_permissions(permissions: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    return {**permissions, **more}


def fill_missing_permissions(
    permissions: dict[str, Any], defaults: dict[str, Any]
) -> dict[str, Any]:
    return {**defaults, **permissions}
