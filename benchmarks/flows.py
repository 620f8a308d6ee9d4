"""Fills Redis with very many pending flows, as this package stores them; a script on the server does it."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from webex_bot_auth.logins.desk import Desk, Flow, ask
from webex_bot_auth.logins.desks import LITTER_SECONDS
from webex_bot_auth.logins.records import Records
from webex_bot_auth.models import FlowState, reference

#: bot token of the token managers to which the flows belong
BOT_TOKEN = "-"
#: flows in one step, so that each step ends within the client's time limit
STEP = 20_000
#: stand in records for a user's id and a flow's id
USER, FLOW = "<user>", "<flow>"

_FILL = """
local flow_time, desk_time, mark, index, desk, due = unpack(ARGV, 3)
for number = ARGV[1], ARGV[2] do
  local id = string.format('%022d', number) .. '0000' .. mark
  local user = string.format('%079d', number)
  redis.call('SET', 'flows-' .. id, (index:gsub('<user>', user)), 'PX', flow_time)
  redis.call('SADD', 'flows', id)
  local text = desk:gsub('<user>', user):gsub('<flow>', id)
  redis.call('SET', 'bot-' .. mark .. '-desk-' .. user, text, 'PX', desk_time)
  redis.call('ZADD', 'bot-' .. mark .. '-agenda-tidy', due, ' ' .. user)
end
"""


def fill(client: Any, count: int, *, lifetime: timedelta) -> None:
    """Store pending flows, each of another user.

    Args:
        client: a redis-py client
        count: how many flows
        lifetime: when they expire
    """
    seconds, now = lifetime.total_seconds(), time.time()
    desk, _ = ask(Desk(user_id=USER), now, flow=Flow(id=FLOW), command=None, seconds=seconds)
    texts = [Records().dump(one, bound_to="") for one in (FlowState(user_id=USER), desk)]
    for first in range(0, count, STEP):
        last = min(first + STEP, count) - 1
        client.eval(
            _FILL, 0, first, last, int(seconds * 1000), int((LITTER_SECONDS + seconds) * 1000),
            reference(BOT_TOKEN), *texts, now + seconds,
        )  # fmt: skip
