"""Polls for logins of the device grant: each flow is asked for by one thread of one process at a time.

A process takes a due flow for as long as a poll can last; if it dies, the flow is due again for the others.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from wxc_sdk.tokens import Tokens

from ..errors import NotYetApproved, StoreError, TokenServiceError, TokenServiceUnavailable
from ..ground.background_loop import BackgroundLoop
from ..ground.forks import start_afresh_now_and_after_forks
from ..models import FlowState, reference
from ..webex.device_grant import DEFAULT_INTERVAL
from .pending import Pending

log = logging.getLogger(__name__)

#: how often to look for flows that are due; seconds
LOOK_SECONDS = 0.5
#: added to a flow's interval when Webex asks to slow down (RFC 8628 section 3.5); seconds
SLOW_DOWN_SECONDS = 5.0
#: maximum wait between two polls during an outage; seconds
MAX_WAIT = 30.0
#: polls at the same time; a poll may take as long as the time limit of a call
AT_ONCE = 100
MAX_INTERVALS = 1000

Finish = Callable[[str, "Tokens | TokenServiceError"], None]


class DevicePoller:
    """Polls from :meth:`start` until it is closed.

    Args:
        pending: where flows are kept
        poll: asks for the tokens of a device code
        finish: ends a flow: with tokens, or with the failure that ended it
    """

    def __init__(self, pending: Pending, poll: Callable[[str], Tokens], finish: Finish) -> None:
        self._pending = pending
        self._poll = poll
        self._finish = finish
        self._intervals: dict[str, float] = {}  # of flows that were asked to slow down
        self._loop = BackgroundLoop("logins to poll for", self._look, LOOK_SECONDS)
        start_afresh_now_and_after_forks(self)

    def start_afresh(self) -> None:
        """See :mod:`webex_bot_auth.ground.forks`."""
        self._polls: set[Future[None]] = set()
        self._pool = ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="webex_bot_auth-device")

    def start(self) -> None:
        """Poll from now on."""
        self._loop.start()

    def close(self) -> None:
        """Stop; flows that are pending stay so, for others."""
        self._loop.close()
        self._pool.shutdown(cancel_futures=True)

    def _look(self) -> bool:
        # a flow is taken for a limited time, in which it must not wait for a thread
        if len(self._polls) >= AT_ONCE or not (due := self._pending.next_due()):
            return False
        poll = self._pool.submit(self._step, *due)
        self._polls.add(poll)
        poll.add_done_callback(self._polls.discard)
        return True

    def _step(self, flow_id: str, flow: FlowState) -> None:
        try:
            wait = self._ask(flow_id, flow)
            if wait is None:
                self._intervals.pop(flow_id, None)
            else:
                self._pending.poll_later(flow_id, wait)
        except StoreError as error:
            log.warning("login not polled for, flow %s: %s", reference(flow_id), error)
        except Exception:  # the end of the thread: what is not logged here vanishes
            log.exception("login not polled for, flow %s", reference(flow_id))

    def _ask(self, flow_id: str, flow: FlowState) -> float | None:
        """Seconds until the next poll; None: the flow has ended."""
        if len(self._intervals) > MAX_INTERVALS:  # most are of flows that were given up
            self._intervals.clear()
        interval = self._intervals.get(flow_id, flow.interval or DEFAULT_INTERVAL)
        try:
            outcome: Tokens | TokenServiceError = self._poll(flow.device_code or "")
        except NotYetApproved as error:
            if error.error == "slow_down":
                interval = self._intervals[flow_id] = interval + SLOW_DOWN_SECONDS
            return interval
        except TokenServiceUnavailable as error:
            self._intervals[flow_id] = min(MAX_WAIT, interval * 2)
            return max(interval, error.retry_after or 0.0)
        except TokenServiceError as error:
            outcome = error
        self._finish(flow_id, outcome)
        return None
