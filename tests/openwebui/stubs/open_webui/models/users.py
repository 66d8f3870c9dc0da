from open_webui.people import UserModel, user
from pydantic import BaseModel, ConfigDict

from openwebui.records import record


class UserNameResponse(BaseModel):
    model_config = ConfigDict(extra="ignore")
    id: str
    name: str
    role: str


class Users:
    @staticmethod
    async def get_user_by_id(user_id: str) -> UserModel:
        return user(user_id)

    @staticmethod
    async def get_users_by_user_ids(user_ids: list[str]) -> list[UserModel]:
        return [user(user_id) for user_id in user_ids]

    @staticmethod
    async def update_last_active_by_id(user_id: str) -> None:
        record("last active", user=user_id)
