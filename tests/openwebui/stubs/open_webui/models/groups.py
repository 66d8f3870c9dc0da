class Groups:
    @staticmethod
    async def get_groups_by_member_ids(user_ids: list[str], **_: object) -> dict[str, list[object]]:
        return {user_id: [] for user_id in user_ids}
