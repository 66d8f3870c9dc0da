"""Options of a server from environment variables: `AsyncServer.from_env`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

_TRUE: Final = ("1", "true", "yes", "on")
_FALSE: Final = ("", "0", "false", "no", "off")


def options_from_env(prefix: str, environ: Mapping[str, str]) -> dict[str, Any]:
    """What the variables say, as keywords of `AsyncServer`. An empty one is as good as none.

    `ValueError` with the variable's name for a value that cannot be meant.
    """
    options: dict[str, Any] = {}
    disabled = _truth(prefix + "DISABLE_REDIS", environ)
    if (url := environ.get(prefix + "REDIS_URL", "").strip()) and not disabled:
        options["client_manager"] = _manager(prefix + "REDIS_URL", url)
    name = prefix + "FRONTEND_ORIGIN"
    if origins := [each.strip() for each in environ.get(name, "").split(",") if each.strip()]:
        for origin in origins:
            _check_origin(name, origin)
        options["cors_allowed_origins"] = "*" if "*" in origins else origins
    return options


def _truth(name: str, environ: Mapping[str, str]) -> bool:
    value = environ.get(name, "").strip().lower()
    if value not in (*_TRUE, *_FALSE):
        raise ValueError(f"{name} must be 1 or 0, not {environ[name]!r}")
    return value in _TRUE


def _manager(name: str, url: str) -> Any:
    from .async_redis_manager import AsyncRedisManager, make_client  # for those who use it

    manager = AsyncRedisManager(url)
    try:
        module = manager._get_redis_module()
        make_client(module, url, manager.channel, {})  # reads the URL, and connects to nothing
    except ValueError as error:
        raise ValueError(f"{name} is no URL of a Redis, {manager._shown_url()}: {error}") from None
    return manager


def _check_origin(name: str, origin: str) -> None:
    try:
        parts = urlsplit(origin)
        known = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # of a port, or of an IPv6 address
        known = False
    if origin != "*" and not (known and origin == f"{parts.scheme}://{parts.netloc}"):
        raise ValueError(
            f"{name} must be origins as https://example.com or http://localhost:5173, with commas "
            f"between them, or *, and not {origin!r}"
        )
