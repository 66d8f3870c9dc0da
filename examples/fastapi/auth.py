"""Signing in: a JSON Web Token says who somebody is, to the page's server and to Socket.IO alike.

Whoever says a name has it: a demo asks for no password. Two tabs with one name are one person.
"""

import os
import secrets
import time
from typing import Any

import jwt
from fastapi import APIRouter, HTTPException

from settings import DATA, line

LONGEST_NAME = 24  # characters, as the page's input says too
VALID_FOR = 12 * 3600  # seconds
ALGORITHM = "HS256"

router = APIRouter()


def _secret() -> str:
    """From DEMO_SECRET, or made at the first start, so that tokens outlive a restart."""
    if given := os.environ.get("DEMO_SECRET"):
        return given
    kept = DATA / "secret"
    try:
        # Only for us to read, and never half a file.
        with open(os.open(kept, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as made:
            made.write(secrets.token_hex(32))
    except FileExistsError:
        pass
    return kept.read_text()


SECRET = _secret()


@router.post("/login")
async def login(asked: dict[str, Any]) -> dict[str, str]:
    """`{name}` -> `{token, name}`."""
    name = line(asked.get("name"), LONGEST_NAME)
    if not name:
        raise HTTPException(422, "Please choose a name.")
    now = int(time.time())
    claims = {"sub": name, "iat": now, "exp": now + VALID_FOR}
    return {"token": jwt.encode(claims, SECRET, ALGORITHM), "name": name}


def user_of(auth: Any) -> str | None:
    """Whose token a client has sent along, None if there is none that is ours and valid."""
    token = auth.get("token") if isinstance(auth, dict) else None
    if not isinstance(token, str):
        return None
    try:
        claims = jwt.decode(token, SECRET, [ALGORITHM], options={"require": ["exp", "sub"]})
    except jwt.InvalidTokenError:
        return None
    return str(claims["sub"])
