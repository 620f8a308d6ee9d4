"""Access tokens that are usable now: refreshed once, whoever asks, and never lost by a passing fault."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from enum import Enum
from threading import Lock
from typing import Any

from blinker import NamedSignal
from wxc_sdk.tokens import Tokens

from ..errors import GrantRefused, StoreError, TokenServiceError, TokenServiceUnavailable
from ..ground.clock import seconds_until
from ..ground.forks import start_afresh_now_and_after_forks
from ..ground.keyed_locks import KeyedLocks
from ..models import UserContext
from ..signals import Announcer, refresh_refused, refreshed
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
#: so many threads wait that long for one user's refresh; an outage must not cost the bot all of its threads
PATIENT_THREADS = 2
#: how long the others wait, which is enough on a good day; seconds
CROWD_SECONDS = 5.0
#: refreshes in the background that wait for a thread; the tokens of further users are still good for a while
MAX_IN_BACKGROUND = 100
#: new tokens that could not be stored; while there are so many, nobody else's are refreshed
MAX_UNSAVED = 1000


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


class Refresher:
    """Gives contexts whose access token is usable, and refreshes the others.

    Args:
        contexts: where they are kept
        new_tokens: asks the token endpoint
        announce: signals of refreshes that were stored or refused
    """

    def __init__(
        self, contexts: Contexts, new_tokens: Callable[[Tokens], Tokens], announce: Announcer
    ) -> None:
        self._contexts = contexts
        self._new_tokens = new_tokens
        self._announce = announce
        self._backoff = Backoff()
        self._unsaved: dict[str, tuple[UserContext, UserContext]] = {}
        self._outcomes: deque[tuple[NamedSignal, dict[str, Any]]] = deque()
        start_afresh_now_and_after_forks(self)

    def start_afresh(self) -> None:
        """See :mod:`webex_bot_auth.ground.forks`."""
        self._threads = KeyedLocks(patient=PATIENT_THREADS, crowd_seconds=CROWD_SECONDS)
        self._background = Lock()
        self._in_background: set[str] = set()
        self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="webex_bot_auth-refresh")

    def usable(self, user_id: str) -> UserContext | None:
        """The context, with an access token that is usable now; None where a login is needed.

        Raises:
            TokenServiceError: the token has expired, and cannot be refreshed at the moment
            StoreError: the store cannot be reached, or the record cannot be read
        """
        context = self._contexts.load(user_id)
        if context is None:
            return None
        state = freshness(context.tokens)
        if state is Freshness.FRESH:
            return context
        if state is Freshness.EXPIRED:
            self._check_backoff(user_id)
            return self._refresh(user_id, state, MAX_WAIT)
        if state is Freshness.EXPIRES_SOON:
            self._refresh_in_background(user_id)
        return _usable(context)

    def refused(self, context: UserContext) -> bool:
        """Webex answers 401 to an access token: delete it, unless there is another one by now, or soon.

        Returns:
            whether a new login is needed
        """
        if freshness(context.tokens) is Freshness.EXPIRED:  # while it was used: the next use refreshes it
            return self._contexts.load(context.user_id) is None
        if self._contexts.replace(context, None):
            log.info("Webex refuses the access token, a new login is needed: user %s", context.user_id)
            return True
        return self._contexts.load(context.user_id) is None

    def forget(self, user_id: str) -> None:
        """The user has logged out: new tokens that could not be stored yet are not needed any more."""
        self._unsaved.pop(user_id, None)

    def close(self) -> None:
        """Wait for the refresh that runs, and start no more."""
        self._pool.shutdown(cancel_futures=True)

    def _refresh(self, user_id: str, state: Freshness, timeout: float) -> UserContext | None:
        """Refresh a context that is in this state, unless another thread or process was quicker."""
        with self._announcing(), self._locked(user_id, timeout) as locked:
            self._save_unsaved(user_id)
            context = self._contexts.load(user_id)
            if context is None or freshness(context.tokens) is not state:
                return _usable(context)
            if not locked:
                raise TokenServiceUnavailable(error="another refresh has not ended yet")
            self._check_backoff(user_id)  # the refresh that we waited for may have failed
            return self._refresh_and_store(context)

    @contextmanager
    def _announcing(self) -> Iterator[None]:
        """Send signals when the locks are free: a handler may ask for another user's tokens."""
        try:
            yield
        finally:
            with suppress(IndexError):  # another thread may send what this one has noted
                while True:
                    signal, facts = self._outcomes.popleft()
                    self._announce.send(signal, **facts)

    @contextmanager
    def _locked(self, user_id: str, timeout: float) -> Iterator[bool]:
        """Keep threads and then processes from refreshing the same user; False: not acquired in time."""
        with self._threads.hold(user_id, timeout=timeout) as thread_locked:
            if not thread_locked:
                yield False
                return
            with self._contexts.refresh_lock(user_id, timeout) as process_locked:
                yield process_locked

    def _refresh_and_store(self, context: UserContext) -> UserContext | None:
        """One call to the token endpoint, and its result stored. The caller holds the locks."""
        user_id = context.user_id
        while len(self._unsaved) >= MAX_UNSAVED:
            self._save_unsaved(next(iter(self._unsaved)))
        try:
            tokens = self._new_tokens(context.tokens)
        except GrantRefused as error:
            log.info("refresh refused, a new login is needed: user %s: %s", user_id, error)
            self._backoff.succeeded(user_id)  # the service does answer
            if self._contexts.replace(context, None):
                self._outcomes.append((refresh_refused, {"user_id": user_id, "error": error}))
            return _usable(self._contexts.load(user_id))
        except TokenServiceError as error:
            log.warning("refresh failed, nothing is lost: user %s: %s", user_id, error)
            self._backoff.failed(
                user_id,
                retry_after=error.retry_after,
                passing=isinstance(error, TokenServiceUnavailable),
            )
            raise
        self._backoff.succeeded(user_id, pause=PAUSE)
        self._unsaved[user_id] = (context, context.with_tokens(tokens))
        if not self._save_unsaved(user_id):
            log.info("refresh came too late, user %s has logged in or out in the meantime", user_id)
            return _usable(self._contexts.load(user_id))
        log.info("refreshed: user %s", user_id)
        self._outcomes.append((refreshed, {"user_id": user_id}))
        if (new := _usable(context.with_tokens(tokens))) is None:
            self._backoff.failed(user_id)
            raise TokenServiceUnavailable(error="the new token has expired already")
        return new

    def _save_unsaved(self, user_id: str) -> bool:
        """Store new tokens. If the store fails, they are kept for the next try: the old ones may be dead.

        Raises:
            StoreError: not stored yet
        """
        unsaved = self._unsaved.get(user_id)
        if unsaved is None:
            return False
        saved = self._contexts.replace(*unsaved)
        if self._unsaved.get(user_id) is unsaved:
            self.forget(user_id)
        return saved

    def _refresh_in_background(self, user_id: str) -> None:
        """One at a time for each user."""
        if self._backoff.paused(user_id):
            return
        with self._background:
            if user_id in self._in_background or len(self._in_background) >= MAX_IN_BACKGROUND:
                return
            with suppress(RuntimeError):  # closed, or the interpreter is about to exit
                self._pool.submit(self._run_in_background, user_id)
                self._in_background.add(user_id)

    def _run_in_background(self, user_id: str) -> None:
        try:
            self._refresh(user_id, Freshness.EXPIRES_SOON, 0)
        except TokenServiceError:
            pass  # logged where it happened; the present token is used until it expires
        except StoreError as error:
            log.warning("refresh in the background: user %s: %s", user_id, error)
        finally:
            with self._background:
                self._in_background.discard(user_id)

    def _check_backoff(self, user_id: str) -> None:
        if wait := self._backoff.remaining(user_id):
            raise TokenServiceUnavailable(error="waiting after earlier failures", retry_after=wait)


def _usable(context: UserContext | None) -> UserContext | None:
    """A context whose access token can be used now, without a refresh."""
    is_usable = context and freshness(context.tokens) in (Freshness.FRESH, Freshness.EXPIRES_SOON)
    return context if is_usable else None
