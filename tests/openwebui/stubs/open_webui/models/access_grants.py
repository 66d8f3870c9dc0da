from open_webui.people import may


class AccessGrants:
    @staticmethod
    async def has_access(
        user_id: str, resource_type: str, resource_id: str, permission: str = "read", **_: object
    ) -> bool:
        return may(user_id, permission, resource_id)
