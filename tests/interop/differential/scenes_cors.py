"""Origins: whose requests are answered, and with which headers."""

from __future__ import annotations

from typing import Any

from ..websocket_wire import HandshakeRefused
from .play import Play
from .table import scenario

HANDSHAKE = "?EIO=4&transport=polling"
BOTH = ("own-port", "uvicorn")
NAMES = ("origin", "methods", "headers", "credentials")


async def answers(play: Play, origins: Any, *requests: dict[str, str], **options: Any) -> Any:
    """For each request's headers: is it served, and the CORS headers of the answer."""
    seen = []
    async with play.serving(play.server(cors_allowed_origins=origins, **options)):
        for headers in requests:
            answer = await play.fetch("GET", HANDSHAKE, headers=headers)
            given = [answer.headers.get(f"access-control-allow-{name}") for name in NAMES]
            seen.append([answer.status == 200, *given])
    return seen


A = {"Origin": "http://a"}
B = {"Origin": "http://b"}


@scenario(served=False, doors=BOTH)
async def origins_are_compared_with_a_list(play: Play) -> Any:
    return [
        await answers(play, "http://a", A, B, {}),
        await answers(play, ["http://a", "http://c"], A, B, {}),
        await answers(play, "*", A, {}),
        await answers(play, ["*"], A, {}),
        await answers(play, [], A, {}),
        await answers(play, "*", A, cors_credentials=False),
    ]


@scenario(served=False, doors=BOTH)
async def own_origin_is_allowed(play: Play) -> Any:
    seen = []
    async with play.serving(play.server()):
        own = play.site.authority
        for headers in (
            {"Origin": f"http://{own}"},
            {"Origin": f"https://{own}"},
            A,
            {
                "Origin": "https://public",
                "X-Forwarded-Proto": "https",
                "X-Forwarded-Host": "public",
            },
            {"Origin": f"https://{own}", "X-Forwarded-Proto": "https, http"},
            {"Origin": "http://public", "X-Forwarded-Host": "public, inner"},
            {"Origin": "http://other", "X-Forwarded-Host": "public"},
        ):
            answer = await play.fetch("GET", HANDSHAKE, headers=headers)
            seen.append([answer.status == 200, answer.headers.get("access-control-allow-origin")])
    return seen


@scenario(served=False, doors=BOTH)
async def callable_decides_about_origins(play: Play) -> Any:
    def of_origin(origin: str) -> bool:
        play.note("of origin", origin)
        return origin == "http://a"

    def of_environ(origin: str, environ: Any) -> bool:
        play.note("of environ", origin, environ["QUERY_STRING"])
        return environ["HTTP_X_USER"] == "ann"

    result = [
        await answers(play, of_origin, A, B),
        await answers(play, of_environ, {**A, "X-User": "ann"}, {**A, "X-User": "bob"}),
    ]
    # Asked once or twice for each request.
    play.notes[:] = [each for i, each in enumerate(play.notes) if each not in play.notes[:i]]
    return result


@scenario(served=False, doors=BOTH)
async def websocket_of_a_stranger_is_refused(play: Play) -> Any:
    seen = []
    async with play.serving(play.server(cors_allowed_origins=["http://a"])):
        for number, headers in enumerate((A, B)):
            try:
                wire = await play.wire(f"client {number}", headers=headers)
                await wire.join()
                seen.append("let in")
            except HandshakeRefused as refused:
                seen.append(["refused", refused.response.status])
    return seen


@scenario(served=False, doors=BOTH)
async def preflight_is_answered(play: Play) -> Any:
    seen = []
    asked = {"Access-Control-Request-Headers": "x-token", "Access-Control-Request-Method": "POST"}
    for origins in ("http://a", "*", []):
        async with play.serving(play.server(cors_allowed_origins=origins)):
            for headers in ({**A, **asked}, A):
                answer = await play.fetch("OPTIONS", HANDSHAKE, headers=headers)
                given = [answer.headers.get(f"access-control-allow-{name}") for name in NAMES]
                seen.append([answer.status, answer.text, *given])
    return seen
