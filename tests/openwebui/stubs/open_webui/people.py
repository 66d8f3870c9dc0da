"""Who there is, by rules instead of a database, so that two servers agree without sharing one.

A user is `<name>-<team>`, for instance `alice-7f3a`, and has the token `token-<user>`. Each team
has one channel, one chat and one note, all with the team's name; chat and note are `alice`'s.
`root` is an administrator, `guest` may not use channels, `carol` may read the note, not write it.
"""

from __future__ import annotations

from pydantic import BaseModel

TOKEN = "token-"
MEMBERS = ("alice", "bob", "carol")


class UserModel(BaseModel):
    id: str
    name: str
    role: str
    email: str
    profile_image_url: str = "/user.png"
    profile_banner_image_url: str | None = None
    bio: str | None = "what it says is nobody's business"
    gender: str | None = None
    date_of_birth: str | None = None


def split(user_id: str) -> tuple[str, str]:
    name, _, team = user_id.partition("-")
    return name, team


def user(user_id: str) -> UserModel:
    name, _ = split(user_id)
    role = "admin" if name == "root" else "user"
    return UserModel(id=user_id, name=name.title(), role=role, email=f"{user_id}@example.org")


def user_of_token(token: str) -> UserModel | None:
    return user(token.removeprefix(TOKEN)) if token.startswith(TOKEN) else None


def may(user_id: str, permission: str, team: str) -> bool:
    name, own_team = split(user_id)
    return team == own_team and name in MEMBERS and (permission == "read" or name != "carol")
