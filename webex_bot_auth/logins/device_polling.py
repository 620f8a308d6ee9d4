"""Asks Webex, for people who log in with the device grant, whether they have approved their codes.

A login is asked about by one process at a time, for as long as a poll can last; if that process dies, the
login is due again for the others.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial

from wxc_sdk.tokens import Tokens

from ..errors import NotYetApproved, StoreError, TokenServiceError, TokenServiceUnavailable
from ..ground.queues import Queues
from ..models import reference
from ..stores import Due, FlowStore, Reminder
from ..webex.device_grant import DEFAULT_INTERVAL, DeviceGrant
from .desk import slow_down
from .desks import POLL, Desks, parts_of
from .ending import Ending

log = logging.getLogger(__name__)

#: added to a login's interval when Webex asks to slow down (RFC 8628 section 3.5); seconds
SLOW_DOWN_SECONDS = 5.0
#: maximum wait between two polls during an outage; seconds
MAX_WAIT = 30.0
#: polls at the same time; a poll may take as long as the time limit of a call
AT_ONCE = 100


@dataclass(eq=False, repr=False)
class DevicePolling:
    """Polls for logins that are due.

    Attributes:
        device: the device endpoints
        flows: where the next poll is noted
        desks: what is under way
        ending: ends logins
    """

    device: DeviceGrant
    flows: FlowStore
    desks: Desks
    ending: Ending

    def __post_init__(self) -> None:
        self._polls = Queues("device", workers=AT_ONCE)

    def take(self, due: Due) -> None:
        """Poll in the background for a login that is due."""
        self._polls.submit(due.item, partial(self._poll, due))

    def renew(self) -> None:
        """A poll ends before its lease does."""

    def close(self) -> None:
        """Poll no more; logins that are pending stay so, for others."""
        self._polls.close(0.0)

    def _poll(self, due: Due) -> None:
        user_id, flow_id = parts_of(due.item)
        try:
            found = self.desks.read(user_id)
            flow = found.desk.flow(flow_id)
            if flow is None or flow.state != "pending" or flow.ends <= found.now or not flow.device_code:
                self.flows.done(due)
                return
            interval = flow.interval or DEFAULT_INTERVAL
            try:
                answer: Tokens | TokenServiceError = self.device.poll(flow.device_code)
            except NotYetApproved as error:
                wait = interval + (SLOW_DOWN_SECONDS if error.error == "slow_down" else 0.0)
            except TokenServiceUnavailable as error:
                wait = max(min(MAX_WAIT, interval * 2), error.retry_after or 0.0)
            except TokenServiceError as error:
                answer, wait = error, 0.0
            else:
                wait = 0.0
            if not wait:
                self.ending.finish_device(user_id, flow_id, answer)
                self.flows.done(due)
                return
            if wait > interval:
                slower = min(wait, max(MAX_WAIT, interval))
                self.desks.change(user_id, partial(slow_down, flow_id=flow_id, interval=slower))
            self.flows.remind(Reminder(POLL, due.item, wait))
        except StoreError as error:
            log.warning("login not polled for, flow %s: %s", reference(flow_id), error)
