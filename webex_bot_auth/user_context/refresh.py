"""Access tokens that are usable now: refreshed once, whoever asks, and never lost by a passing fault."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from enum import Enum
from threading import Lock
from typing import Protocol

from wxc_sdk.tokens import Tokens

from ..errors import GrantRefused, StoreError, TokenServiceError, TokenServiceUnavailable
from ..token_endpoint import TOTAL_SECONDS
from .backoff import Backoff
from .locks import KeyedLocks
from .models import UserContext, seconds_until

log = logging.getLogger(__name__)

#: a token with less than this left is refreshed beside its use; seconds
SOON = 300.0
#: and then no more often than this: Webex often answers with the same token and expiry; seconds
PAUSE = 60.0
#: so long a command waits for somebody else's refresh; seconds
LONGEST_WAIT = TOTAL_SECONDS + 5.0

#: one user's odd failure stops nobody else; that of so many users in a row is an outage
MANY_FAILING = 3

_SERVICE = ""  # back-off key of the token service as a whole; user ids are never empty


Ended = Callable[[str, "GrantRefused | None"], None]


class Freshness(Enum):
    FRESH = "fresh"
    EXPIRES_SOON = "expires soon"
    EXPIRED = "expired"
    DEAD = "expired, and cannot be refreshed"


def freshness(tokens: Tokens) -> Freshness:
    """What can be done with tokens. Without an expiry date they count as good until Webex refuses them."""
    left = seconds_until(tokens.expires_at)
    if tokens.access_token and (left is None or left > SOON):
        return Freshness.FRESH
    refresh_left = seconds_until(tokens.refresh_token_expires_at)
    refreshable = bool(tokens.refresh_token) and (refresh_left is None or refresh_left > 0)
    if tokens.access_token and left is not None and left > 0:
        return Freshness.EXPIRES_SOON if refreshable else Freshness.FRESH
    return Freshness.EXPIRED if refreshable else Freshness.DEAD


class Contexts(Protocol):
    """What a refresh needs of the place where contexts are kept."""

    def current(self, user_id: str) -> UserContext | None: ...

    def replace(self, old: UserContext, new: UserContext | None) -> bool:
        """Store or drop, but only where ``old`` still stands: a logout or new login wins."""

    def exclusively(self, user_id: str) -> AbstractContextManager[bool]:
        """Hold off other processes; False: somebody else did not let go in time."""


class Refresher:
    """Refreshes contexts.

    :param contexts: where they are kept
    :param new_tokens: asks the token endpoint
    :param ended: told of each refresh that was stored or refused
    """

    def __init__(self, contexts: Contexts, new_tokens: Callable[[Tokens], Tokens], ended: Ended) -> None:
        self._ended = ended
        self._contexts = contexts
        self._new_tokens = new_tokens
        self._threads = KeyedLocks()
        self._user_backoff = Backoff()
        self._service_backoff = Backoff()
        self._failing: set[str] = set()
        self._unsaved: dict[str, tuple[UserContext, UserContext]] = {}
        self._pauses = Backoff()
        self._beside_lock = Lock()
        self._beside: set[str] = set()
        self._pool: ThreadPoolExecutor | None = None

    def usable(self, user_id: str) -> UserContext | None:
        """The context with an access token that is usable now; None where a login is needed.

        :raises TokenServiceError: it has expired, and cannot be refreshed at the moment
        """
        context = self._contexts.current(user_id)
        if context is None:
            return None
        state = freshness(context.tokens)
        if state is Freshness.FRESH:
            return context
        if state is Freshness.EXPIRED:
            return self._refreshed(user_id)
        if state is Freshness.EXPIRES_SOON:
            self._refresh_beside(user_id)
        return None if state is Freshness.DEAD else context

    def forget(self, user_id: str) -> None:
        """Somebody has logged out: what could not be stored yet is not needed any more."""
        self._unsaved.pop(user_id, None)

    def close(self) -> None:
        with self._beside_lock:
            pool, self._pool = self._pool, None
        if pool:
            pool.shutdown(wait=True, cancel_futures=True)

    def _refreshed(self, user_id: str) -> UserContext | None:
        self._check_backoff(user_id)
        with (
            self._threads.hold(user_id, timeout=LONGEST_WAIT) as mine,
            self._contexts.exclusively(user_id) as ours,
        ):
            self._save_unsaved(user_id)
            context = self._contexts.current(user_id)
            if context is None or freshness(context.tokens) is Freshness.DEAD:
                return None
            if freshness(context.tokens) is not Freshness.EXPIRED:
                return context  # somebody else was quicker
            if not (mine and ours):
                raise TokenServiceUnavailable(error="another refresh is still under way")
            self._check_backoff(user_id)  # the one before us may have failed
            return self._refresh_and_keep(context)

    def _refresh_and_keep(self, context: UserContext) -> UserContext | None:
        """One call to the token endpoint, and its outcome stored. The locks are held by the caller."""
        try:
            tokens = self._new_tokens(context.tokens)
        except GrantRefused as error:
            log.info("refresh refused, a new login is needed: user %s: %s", context.user_id, error)
            self._user_backoff.succeeded(context.user_id)
            self.forget(context.user_id)
            if self._contexts.replace(context, None):
                self._ended(context.user_id, error)
            return self._usable_without_refresh(context.user_id)
        except TokenServiceError as error:
            log.warning("refresh failed, nothing is lost: user %s: %s", context.user_id, error)
            self._note_failure(context.user_id, error)
            raise
        self._failing.clear()
        self._service_backoff.succeeded(_SERVICE)
        self._user_backoff.succeeded(context.user_id)
        self._pauses.pause(context.user_id, PAUSE)
        new = UserContext(user_id=context.user_id, tokens=tokens)
        self._unsaved[context.user_id] = (context, new)
        if not self._save_unsaved(context.user_id):
            log.info("refresh came too late, user %s has logged in or out meanwhile", context.user_id)
            return self._usable_without_refresh(context.user_id)
        log.info("refreshed: user %s", context.user_id)
        self._ended(context.user_id, None)
        if freshness(tokens) in (Freshness.EXPIRED, Freshness.DEAD):
            self._user_backoff.failed(context.user_id)
            raise TokenServiceUnavailable(error="the new token has expired already")
        return new

    def _save_unsaved(self, user_id: str) -> bool:
        """Store new tokens; if the store fails, they are kept for the next try: the old ones may be dead.

        :raises StoreError: not yet
        """
        if user_id not in self._unsaved:
            return False
        saved = self._contexts.replace(*self._unsaved[user_id])
        self._unsaved.pop(user_id, None)
        return saved

    def _usable_without_refresh(self, user_id: str) -> UserContext | None:
        context = self._contexts.current(user_id)
        if context is None or freshness(context.tokens) in (Freshness.EXPIRED, Freshness.DEAD):
            return None
        return context

    def _refresh_beside(self, user_id: str) -> None:
        """Refresh in the background, one at a time for each user."""
        if self._waiting_time(user_id) or self._pauses.remaining(user_id):
            return
        with self._beside_lock:
            if user_id in self._beside:
                return
            self._beside.add(user_id)
            if self._pool is None:
                self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="webex_bot_auth-refresh")
            self._pool.submit(self._beside_use, user_id)

    def _beside_use(self, user_id: str) -> None:
        try:
            with self._threads.hold(user_id, timeout=0) as mine, self._contexts.exclusively(user_id) as ours:
                if not (mine and ours):
                    return
                self._save_unsaved(user_id)
                context = self._contexts.current(user_id)
                if context and freshness(context.tokens) is Freshness.EXPIRES_SOON:
                    self._refresh_and_keep(context)
        except TokenServiceError:
            pass  # logged where it happened; the token that is there is used until it expires
        except StoreError as error:
            log.warning("refresh beside the use: user %s: %s", user_id, error)
        finally:
            with self._beside_lock:
                self._beside.discard(user_id)

    def _waiting_time(self, user_id: str) -> float:
        return max(self._user_backoff.remaining(user_id), self._service_backoff.remaining(_SERVICE))

    def _check_backoff(self, user_id: str) -> None:
        if wait := self._waiting_time(user_id):
            raise TokenServiceUnavailable(error="waiting after earlier failures", retry_after=wait)

    def _note_failure(self, user_id: str, error: TokenServiceError) -> None:
        self._user_backoff.failed(user_id, getattr(error, "retry_after", None))
        if isinstance(error, TokenServiceUnavailable):
            self._failing.add(user_id)
        if len(self._failing) >= MANY_FAILING:
            self._service_backoff.failed(_SERVICE)
