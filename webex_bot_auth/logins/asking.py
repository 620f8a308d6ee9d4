"""A person is asked to log in: the login goes onto the desk, and a card into the 1:1 space."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from ..chat.messages import Chat, Why
from ..errors import MessageNotSent, StoreError
from ..signals import Announcer, login_asked, login_card_not_sent
from ..stores import Reminder
from ..webex.device_grant import DeviceCode, DeviceGrant
from ..webex.oauth import WebexOAuth, new_verifier
from . import desk
from .contexts import Contexts
from .desk import MAX_NOTICES, Flow, WaitingCommand
from .desks import POLL, Desks, item
from .tidying import Tidying

log = logging.getLogger(__name__)


class OwnFlows(Protocol):
    """A token manager that starts and ends logins in its own way."""

    def start(self, user_id: str) -> tuple[str, str]:
        """Start a login; return an id for it, and the address where the person logs in."""


@dataclass(eq=False, repr=False)
class Asking:
    """Asks people to log in.

    Attributes:
        oauth: the integration's endpoints
        contexts: what people have granted before
        desks: what is under way for them
        chat: what they are told
        announce: signals of cards
        tidying: deletes cards that others take the place of
        seconds: how long a login may take
        device: for logins by the device grant; None: by redirect
        own_flows: where logins are not started here
    """

    oauth: WebexOAuth
    contexts: Contexts
    desks: Desks
    chat: Chat
    announce: Announcer
    tidying: Tidying
    seconds: float
    device: DeviceGrant | None = None
    own_flows: OwnFlows | None = None

    def __post_init__(self) -> None:
        self._has_warned = False

    def ask(
        self,
        user_id: str,
        scopes: Iterable[str] = (),
        *,
        why: Why | None = None,
        command: WaitingCommand | None = None,
    ) -> bool:
        """Send a person a login card in the 1:1 space.

        Args:
            user_id: the person
            scopes: what a command needs; asked for together with what was granted before
            why: what the card says
            command: runs after the login

        Returns:
            False: the person has had enough cards for now, and got none

        Raises:
            MessageNotSent: the card did not reach the person
            StoreError: the login could not be stored
            TokenServiceError: device grant: Webex gave no code
        """
        why = why or Why()
        if why.command and not why.resumes and not self._has_warned:
            self._has_warned = True
            log.warning(
                "people have to send their commands again after the login: add "
                "token_manager.register_bot(bot=...), which also adds the login and logout commands"
            )
        found = self.desks.read(user_id)
        if found.desk.has_had_enough(found.now):
            self._refuse(user_id, command)
            return False
        needed = [*self.oauth.login_scopes, *scopes]
        if needed:  # a login never takes away what was granted
            context = self.contexts.load(user_id)
            needed = self.oauth.with_granted(needed, context.tokens.scope if context else None)

        # store first: a fast user may finish before this returns
        code: DeviceCode | None = None
        if self.device is not None:
            code = self.device.start(needed or self.oauth.scopes)
            flow = Flow(
                id=self.desks.new_flow_id(), scopes=needed or None,
                device_code=code.device_code, interval=code.interval,
            )  # fmt: skip
            self._put(user_id, flow, command, [Reminder(POLL, item(user_id, flow.id), code.interval)])
        else:
            flow, url = self._new_flow(user_id, needed)
            self._put(user_id, flow, command, [])
        try:
            if code is not None:
                message_id = self.chat.show_device_login(user_id, code, why)
            else:
                message_id = self.chat.show_login(user_id, url, why)
        except MessageNotSent as error:  # the caller tells the person to send the command again
            self._change(user_id, partial(desk.take_back, flow_id=flow.id, command=command))
            self.announce.send(login_card_not_sent, user_id=user_id, error=error)
            raise
        log.info("asked to log in: user %s", user_id)
        seconds = min(self.seconds, code.expires_in) if code is not None else self.seconds
        shown = partial(desk.show, flow_id=flow.id, message_id=message_id, seconds=seconds)
        self._change(user_id, shown)
        self.announce.send(login_asked, user_id=user_id)
        self.tidying.soon(user_id)
        return True

    def url(self, user_id: str, scopes: Iterable[str] = ()) -> str:
        """Start a login with PKCE, and return the address where the person logs in.

        Args:
            user_id: the person
            scopes: scopes to ask for; where empty, those of every login, or else the integration's
        """
        flow, url = self._new_flow(user_id, list(scopes or self.oauth.login_scopes))
        self._put(user_id, flow, None, [])
        return url

    def start(self, user_id: str) -> str:
        """Start a login without PKCE, as the caller builds the address, and return its flow id."""
        flow = Flow(id=self.desks.new_flow_id())
        self.desks.index(flow.id, user_id, self.seconds)
        self._put(user_id, flow, None, [])
        return flow.id

    def _new_flow(self, user_id: str, scopes: list[str]) -> tuple[Flow, str]:
        """Return a login by redirect that is noted as this person's, and its address."""
        if self.own_flows is not None:
            flow_id, url = self.own_flows.start(user_id)
            flow = Flow(id=flow_id)
        else:
            flow = Flow(id=self.desks.new_flow_id(), scopes=scopes or None, verifier=new_verifier())
            url = self.oauth.authorization_url(state=flow.id, scopes=scopes, verifier=flow.verifier)
        self.desks.index(flow.id, user_id, self.seconds)
        return flow, url

    def _put(
        self, user_id: str, flow: Flow | None, command: WaitingCommand | None, remind: list[Reminder]
    ) -> None:
        """Put a login and the command that waits for it onto the desk, and tell what waits no longer."""
        step = partial(desk.ask, flow=flow, command=command, seconds=self.seconds)
        asked = self.desks.change(user_id, step, remind=remind)
        for number, dropped in enumerate(asked.dropped, start=asked.notices + 1):
            if number <= MAX_NOTICES:
                self.chat.tell_dropped(dropped, is_last=number == MAX_NOTICES)

    def _refuse(self, user_id: str, command: WaitingCommand | None) -> None:
        """Let a command wait for one of the cards that are there, and point at them."""
        if command is not None:
            self._put(user_id, None, command, [])
        if self.desks.change(user_id, partial(desk.point_at_card, is_command=command is not None)):
            self.chat.refuse_more_logins(user_id)

    def _change(self, user_id: str, step: partial[tuple[desk.Desk, None]]) -> None:
        """Change a desk once a card was sent, or not: what the person was told holds in any case."""
        try:
            self.desks.change(user_id, step)
        except StoreError as error:
            log.warning("login card not noted: user %s: %s", user_id, error)
