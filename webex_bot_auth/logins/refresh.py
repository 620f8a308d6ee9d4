"""Access tokens that are usable now: refreshed once for all who need them, never lost by a passing fault."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from threading import Lock
from typing import Any

from blinker import NamedSignal
from wxc_sdk.tokens import Tokens

from ..errors import GrantRefused, StoreError, TokenServiceError, TokenServiceUnavailable
from ..ground.clock import seconds_until
from ..models import UserContext, reference
from ..signals import Announcer, refresh_failed, refresh_refused, refreshed
from ..stores.leases import Leases
from ..webex.token_endpoint import TOTAL_SECONDS
from .backoff import Backoff
from .contexts import Contexts

log = logging.getLogger(__name__)

#: a token that expires sooner is refreshed in the background while it is used; seconds
SOON = 300.0
#: minimum time between such refreshes: Webex often answers with the same token and expiry; seconds
PAUSE = 60.0
#: maximum wait for a refresh that another thread or process is doing; seconds
MAX_WAIT = TOTAL_SECONDS + 5.0
#: refreshes in the background that wait for a thread; the tokens of further users are still good for a while
MAX_IN_BACKGROUND = 100
#: new tokens that could not be stored; while there are so many, nobody else's are refreshed
MAX_UNSAVED = 1000
#: for how long an access token is not refreshed again that was refused and came back as it was; seconds
IRREPLACEABLE = 24 * 3600.0

#: a signal to send, and what it says
Signal = tuple[NamedSignal, dict[str, Any]]


class Unsaved:
    """New tokens until they are stored. Where the store fails they are kept: the old ones may be dead.

    Args:
        contexts: where they are to be stored
    """

    def __init__(self, contexts: Contexts) -> None:
        self._contexts = contexts
        self._changes: dict[str, tuple[UserContext, UserContext]] = {}

    def __contains__(self, user_id: str) -> bool:
        return user_id in self._changes

    def store(self, old: UserContext, new: UserContext) -> bool:
        """Store what a refresh has made of a user's context, or keep it; see :meth:`save`."""
        self._changes[old.user_id] = (old, new)
        return self.save(old.user_id)

    def save(self, user_id: str) -> bool:
        """Store what is kept of a user.

        Returns:
            False: nothing is kept, or the user has logged in or out in the meantime

        Raises:
            StoreError: not stored yet
        """
        if (change := self._changes.get(user_id)) is None:
            return False
        saved = self._contexts.replace(*change)
        if self._changes.get(user_id) is change:
            self.forget(user_id)
        return saved

    def make_room(self) -> None:
        """Store the oldest, where there are too many to keep one more.

        Raises:
            StoreError: there is no room yet
        """
        users = list(self._changes)
        for user_id in users[: max(0, len(users) - MAX_UNSAVED + 1)]:
            self.save(user_id)

    def forget(self, user_id: str) -> None:
        """Keep nothing of a user any more."""
        self._changes.pop(user_id, None)


class Refresher:
    """Gives contexts whose access token is usable, and refreshes the others.

    Args:
        contexts: where they are kept
        leases: keep other processes from refreshing the same tokens
        new_tokens: asks the token endpoint
        announce: signals of refreshes that were stored, refused, or failed

    Attributes:
        in_background: users whose tokens are refreshed, or wait for that, while the present ones are used
    """

    def __init__(
        self, contexts: Contexts, leases: Leases, new_tokens: Callable[[Tokens], Tokens], announce: Announcer
    ) -> None:
        self._contexts = contexts
        self._leases = leases
        self._new_tokens = new_tokens
        self._announce = announce
        self._backoff = Backoff()
        # who waits after it is told the same: that a setting is wrong, or that it passes
        self._latest_failure: type[TokenServiceError] = TokenServiceUnavailable
        self._unsaved = Unsaved(contexts)
        self._lock = Lock()
        self._flights: dict[
            str, Future[UserContext | TokenServiceError | None]
        ] = {}  # by user: the refresh that runs
        self.in_background: set[str] = set()
        self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="webex_bot_auth-refresh")

    def usable(self, user_id: str) -> UserContext | None:
        """Return the context, with an access token that is usable now; None where a login is needed.

        Raises:
            TokenServiceError: the token has expired, and cannot be refreshed at the moment
            StoreError: the store cannot be reached, or the record cannot be read
        """
        context = self._contexts.load(user_id)
        if context is None or _is_good(context.tokens, SOON):
            return context
        if not _is_refreshable(context.tokens):
            return None
        if not _is_good(context.tokens, 0):
            return self._refresh(user_id, 0)
        waits = self._backoff.remaining(user_id) or self._backoff.paused(user_id)
        if user_id in self._unsaved or not waits:
            with self._lock:
                if user_id not in self.in_background and len(self.in_background) < MAX_IN_BACKGROUND:
                    with suppress(RuntimeError):  # closed, or the interpreter is about to exit
                        self._pool.submit(self._refresh_in_background, user_id)
                        self.in_background.add(user_id)
        return context

    def renew(self, context: UserContext) -> UserContext | None:
        """Return a context with another access token than this one, to which Webex answers 401.

        Somebody may have stored another one in the meantime; else it is refreshed, once.

        Returns:
            None where a login is needed: the refresh was refused, or gives the same access token again, or
            there is no refresh token

        Raises:
            TokenServiceError: the token cannot be refreshed at the moment; nothing is lost
            StoreError: the store cannot be reached, or the record cannot be read
        """
        user_id, refused = context.user_id, context.tokens.access_token
        stored = self._contexts.load(user_id)
        if stored is None or _is_good(stored.tokens, 0, refused):
            return stored
        return self._refresh(user_id, 0, refused)

    def forget(self, user_id: str) -> None:
        """Drop new tokens that could not be stored yet: the user has logged out."""
        self._unsaved.forget(user_id)

    def close(self) -> None:
        """Wait for the refresh that runs, and start no more in the background."""
        self._pool.shutdown(cancel_futures=True)

    def _refresh_in_background(self, user_id: str) -> None:
        try:
            self._refresh(user_id, SOON)
        except TokenServiceError:
            pass  # logged where it happened; the present token is used until it expires
        except StoreError as error:
            log.warning("refresh in the background: user %s: %s", user_id, error)
        finally:
            with self._lock:
                self.in_background.discard(user_id)

    def _refresh(self, user_id: str, seconds: float, refused: str | None = None) -> UserContext | None:
        """Refresh a user's tokens, or wait for the thread that does so already, and share its result.

        Args:
            user_id: whose tokens
            seconds: tokens that last longer need no refresh
            refused: an access token that cannot be used, whatever its date says
        """
        while True:
            with self._lock:
                is_first = user_id not in self._flights
                flight = self._flights.setdefault(user_id, Future())
            if not is_first and not wait([flight], MAX_WAIT).done:
                raise TokenServiceUnavailable(error="another refresh has not ended yet")
            try:
                if is_first:
                    context, signal = self._refresh_alone(user_id, seconds, refused)
                    flight.set_result(context)
                else:
                    context, signal = flight.result(), None
            except Exception as error:
                if is_first:
                    flight.set_exception(error)
                raise
            finally:
                if is_first:
                    with self._lock:
                        del self._flights[user_id]
                del flight  # its error refers to this frame; in a circle they would keep connections open
            if signal:  # nothing is held any more: a handler may ask for tokens
                self._announce.send(signal[0], **signal[1])
            if isinstance(context, TokenServiceError):
                try:
                    raise context
                finally:
                    del context, signal  # as above
            if context is None or _is_good(context.tokens, 0, refused):
                return context and context.copied()
            if is_first:
                if context.tokens.access_token == refused:
                    return None
                raise TokenServiceUnavailable(error="the new token has expired already")

    def _refresh_alone(
        self, user_id: str, seconds: float, refused: str | None
    ) -> tuple[UserContext | TokenServiceError | None, Signal | None]:
        """Refresh a user's tokens, unless another process was quicker.

        Returns:
            the context as it is stored then, or how the refresh failed; and what to announce
        """
        if not self._unsaved.save(user_id) and (pause := self._backoff.remaining(user_id)):
            raise self._latest_failure(error="waiting after earlier failures", retry_after=pause)
        with self._leases.hold(f"refresh-{user_id}", MAX_WAIT) as lease:
            context = self._contexts.load(user_id)
            if context is None or _is_good(context.tokens, seconds, refused):
                return context, None
            if refused and self._backoff.paused(reference(refused)):
                return context, None
            if lease is None:
                raise TokenServiceUnavailable(error="another refresh has not ended yet")
            self._unsaved.make_room()
            try:
                tokens = self._new_tokens(context.tokens)
            except GrantRefused as error:
                self._backoff.succeeded(user_id)  # the service does answer
                if not lease.is_held():  # who holds it now may be about to store other tokens
                    raise TokenServiceUnavailable(error="another refresh has not ended yet") from error
                # not where somebody has stored other tokens in the meantime: those are used
                if not self._contexts.replace(context, None):
                    return self._contexts.load(user_id), None
                log.info("refresh refused, a new login is needed: user %s: %s", user_id, error)
                # without frames, as one of them will refer to it
                return None, (refresh_refused, {"user_id": user_id, "error": error.with_traceback(None)})
            except TokenServiceError as error:
                log.warning("refresh failed, nothing is lost: user %s: %s", user_id, error)
                passing = isinstance(error, TokenServiceUnavailable)
                self._latest_failure = type(error)
                self._backoff.failed(user_id, retry_after=error.retry_after, passing=passing)
                failure = error.with_traceback(None)
                return failure, (refresh_failed, {"user_id": user_id, "error": failure})
            self._backoff.succeeded(user_id)
            self._backoff.pause(user_id, PAUSE)
            if refused and tokens.access_token == refused:
                self._backoff.pause(reference(refused), IRREPLACEABLE)
            if not self._unsaved.store(context, new := context.with_tokens(tokens)):
                log.info("refresh came too late, user %s has logged in or out in the meantime", user_id)
                return self._contexts.load(user_id), None
        log.info("refreshed: user %s", user_id)
        if not _is_good(tokens, 0):
            self._backoff.failed(user_id)
        return new, (refreshed, {"user_id": user_id})


def _is_good(tokens: Tokens, seconds: float, refused: str | None = None) -> bool:
    """Return whether an access token needs no refresh, or gets no better by one.

    Without an expiry date it counts as good until Webex refuses it.

    Args:
        tokens: the tokens
        seconds: for how long it has to be good at least, if it can be refreshed
        refused: an access token that is not good
    """
    if not tokens.access_token or tokens.access_token == refused:
        return False
    left = seconds_until(tokens.expires_at)
    return left is None or left > seconds or (left > 0 and not _is_refreshable(tokens))


def _is_refreshable(tokens: Tokens) -> bool:
    left = seconds_until(tokens.refresh_token_expires_at)
    return bool(tokens.refresh_token) and (left is None or left > 0)
