from types import SimpleNamespace

from open_webui.people import MEMBERS, may, split

from openwebui.records import record


class Channels:
    @staticmethod
    async def get_channel_by_id(channel_id: str) -> SimpleNamespace:
        return SimpleNamespace(id=channel_id, type="group", is_private=True)

    @staticmethod
    async def get_channels_by_user_id(user_id: str) -> list[SimpleNamespace]:
        return [SimpleNamespace(id=split(user_id)[1])]

    @staticmethod
    async def get_members_by_channel_id(channel_id: str) -> list[SimpleNamespace]:
        return [SimpleNamespace(user_id=f"{name}-{channel_id}", is_active=True) for name in MEMBERS]

    @staticmethod
    async def is_user_channel_member(channel_id: str, user_id: str) -> bool:
        return may(user_id, "read", channel_id)

    @staticmethod
    async def update_member_last_read_at(channel_id: str, user_id: str) -> None:
        record("channel read", channel=channel_id, user=user_id)
