from types import SimpleNamespace


class Folders:
    @staticmethod
    async def get_folders_by_user_id(user_id: str) -> list[SimpleNamespace]:
        return [
            SimpleNamespace(id="outer", parent_id=None),
            SimpleNamespace(id="inner", parent_id="outer"),
        ]
