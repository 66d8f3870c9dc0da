"""Open WebUI's private channels: packets that the server passes on and cannot read."""

import base64

from .stage import Stage
from .tab import Tab, new_team, opened

KEY = base64.b64encode(bytes(range(32))).decode()
SECRET = base64.b64encode(b"an MLS message").decode()


async def say(tab: Tab, action: str, team: str, **data: object) -> dict:
    return await tab.ask(f"encryption:{action}", {"channel": team, **data})


async def test_a_private_session_is_joined_and_carries_packets_across_servers(stage: Stage):
    team = new_team()
    async with (
        opened(stage.first, f"alice-{team}") as alice,
        opened(stage.second, f"bob-{team}") as bob,
    ):
        assert (await say(bob, "status", team)) == {"ok": True, "available": False, "session": None}

        started = await say(alice, "start", team)
        host = {"session": started["session"], "participation": started["participation"]}
        assert (await say(alice, "bind", team, **host, key=KEY))["ok"]
        available = {"channel": team, "session": started["session"]}
        assert await bob.next("encryption:available") == available

        joined = await say(bob, "join", team, session=started["session"])
        guest = {"session": joined["session"], "participation": joined["participation"]}
        assert (await say(bob, "bind", team, **guest, key=KEY, packet=SECRET))["ok"]
        candidate = await alice.next("encryption:event")
        assert (candidate["kind"], candidate["packet"]) == ("candidate", SECRET)

        admission = {"kind": "admit", "target": guest["participation"]}
        admission |= {"packet": SECRET, "welcome": SECRET}
        assert (await say(alice, "packet", team, **host, **admission))["ok"]
        assert (await bob.next("encryption:event"))["kind"] == "welcome"
        assert (await say(bob, "packet", team, **guest, kind="mls", packet=SECRET))["ok"]
        heard = await alice.next("encryption:event")
        assert (heard["kind"], heard["sequence"]) == ("mls", 2)

        await bob.close()
        departed = await alice.next("encryption:event")
        assert (departed["kind"], departed["participation"]) == ("departed", guest["participation"])
        assert (await say(alice, "leave", team, **host))["ok"]
