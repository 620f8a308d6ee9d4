"""Fills Redis with very many pending flows, as this package stores them; a script on the server does it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from webex_bot_auth.models import FlowState, reference

from .sample_users_and_commands import person_id

#: bot token of the token managers to which the flows belong
BOT_TOKEN = "-"
#: flows in one step, so that each step ends within the client's time limit
STEP = 20_000

_FILL = """
for number = ARGV[1], ARGV[2] do
  local id = string.format('%022d', number) .. ARGV[6]
  redis.call('SET', 'flows-' .. id, ARGV[3], 'PX', ARGV[4])
  redis.call('SADD', 'flows', id)
  local owned = ARGV[5] .. string.format('%079d', number)
  redis.call('RPUSH', owned, id)
  redis.call('PEXPIRE', owned, ARGV[4])
end
"""


def fill(client: Any, count: int, *, lifetime: timedelta) -> None:
    """Store pending flows, each of another user.

    Args:
        client: a redis-py client
        count: how many flows
        lifetime: when they expire
    """
    record = FlowState(user_id=person_id()).model_dump_json(include={"user_id"})
    milliseconds = int(lifetime.total_seconds() * 1000)
    for first in range(0, count, STEP):
        last = min(first + STEP, count) - 1
        bot = reference(BOT_TOKEN)
        client.eval(_FILL, 0, first, last, record, milliseconds, f"bot-{bot}-flows-of-", bot)
    client.pexpire("flows", milliseconds)
