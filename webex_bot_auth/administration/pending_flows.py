"""Lists the pending logins in Redis."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..models import reference
from ..stores.redis.errors import as_text, translate_redis_errors
from ..user_context import RedisTokenManager

#: ids that Redis sends in one answer
SCAN_COUNT = 500
#: PTTL's answers for keys without a time to live
NO_EXPIRY, NO_KEY = -1, -2


@dataclass(frozen=True)
class PendingFlow:
    """A login that somebody has started and not finished yet.

    Attributes:
        reference: a short name that is not secret; the log uses the same
        is_readable: whether the configured encryption keys decrypt its record
        seconds_left: until it expires; None: never, as flows that older versions stored
    """

    reference: str
    is_readable: bool
    seconds_left: float | None


def pending_flows(store: RedisTokenManager) -> Iterator[PendingFlow]:
    """The flows that can still be finished, without those that were used or have expired.

    Args:
        store: where they are kept

    Raises:
        StoreUnavailable: Redis cannot be reached
    """
    client: Any = store.redis
    flow_set = store.key_prefix + store.FLOW_SET
    with translate_redis_errors(flow_set):
        for listed in map(as_text, client.sscan_iter(flow_set, count=SCAN_COUNT)):
            flow_id = listed.removeprefix(f"{flow_set}-")  # older versions listed keys instead of ids
            key = f"{flow_set}-{flow_id}"
            # one command after the other, as a cluster's pipeline would send some of them twice
            record, milliseconds = client.get(key), int(client.pttl(key))
            is_pending = record is not None and store.desks.pending_flow(flow_id, record)
            if record is None or is_pending is False or milliseconds == NO_KEY:
                continue
            yield PendingFlow(
                reference=reference(flow_id),
                is_readable=is_pending is not None,
                seconds_left=None if milliseconds == NO_EXPIRY else milliseconds / 1000,
            )
