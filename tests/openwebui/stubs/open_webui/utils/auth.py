from typing import Any

from open_webui.people import UserModel, user_of_token

from openwebui.records import record


async def get_verified_user_by_token(token: str, redis: Any) -> UserModel | None:
    record("token", token=token, redis=type(redis).__name__)
    return user_of_token(token)
