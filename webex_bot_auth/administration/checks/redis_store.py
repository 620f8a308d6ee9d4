"""Is Redis there, new enough, and will it keep what it is given?"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...errors import StoreUnavailable
from ...user_context import RedisTokenManager
from ...user_context.diagnosis import RedisHealth
from ..finding import Finding, ok, warning, wrong
from .patient import Patient

#: GETDEL and SET with GET came with it
OLDEST = (6, 2)
#: between its clock and ours; seconds
MOST_DIFFERENCE = 30.0
ASK = "ask whoever runs it"


def redis(patient: Patient) -> Iterator[Finding]:
    """Everything that the server tells about itself."""
    if not isinstance(patient.store, RedisTokenManager):
        return
    try:
        health = patient.store.health()
    except StoreUnavailable as error:
        told = str(error).removeprefix("Redis: ").removeprefix("Redis ")
        yield wrong("Redis", told, "look at the URL, the server and the network")
        return
    yield from judged(health)


def judged(health: RedisHealth) -> Iterator[Finding]:
    """A line for each fact."""
    yield _version(health.version)
    yield _writes(health)
    yield _persistence(health)
    yield _eviction(health.eviction)
    yield _clock(health.seconds_ahead)


def _version(version: str | None) -> Finding:
    subject, needed = "Redis version", ".".join(map(str, OLDEST))
    numbers = re.match(r"(\d+)\.(\d+)", version or "")
    if numbers is None:
        return warning(subject, "it does not tell", f"{ASK}: {needed} or later is needed")
    if (int(numbers[1]), int(numbers[2])) < OLDEST:
        return wrong(subject, f"{version} is too old", f"update it to {needed} or later")
    return ok(subject, str(version))


def _writes(health: RedisHealth) -> Finding:
    subject = "Redis writes"
    if health.is_replica:
        return wrong(subject, "this is a read-only replica", "give the URL of the primary, or use Sentinel")
    if health.write_refused:
        return wrong(subject, health.write_refused, "look at its log, its memory and the rights of this user")
    return ok(subject, "taken")


def _persistence(health: RedisHealth) -> Finding:
    subject = "Redis persistence"
    if health.keeps_log:
        return ok(subject, "each write goes to its log on disk (appendonly)")
    if health.keeps_snapshots:
        return ok(subject, "snapshots (save); a crash loses the logins since the latest one")
    if health.keeps_snapshots is None:
        return warning(subject, "it does not tell", f"{ASK}: without it, a restart logs everybody out")
    return warning(subject, "none: a restart of Redis logs everybody out", "set appendonly yes")


def _eviction(policy: str | None) -> Finding:
    subject = "Redis eviction"
    if policy is None:
        mend = f"{ASK}: maxmemory-policy should be noeviction"
        return warning(subject, "it does not tell", mend)
    if policy != "noeviction" and not policy.startswith("volatile-"):
        told = f"{policy}: when its memory is full, people are logged out at random"
        return warning(subject, told, "set maxmemory-policy noeviction")
    return ok(subject, policy)


def _clock(ahead: float | None) -> Finding:
    subject = "Redis clock"
    if ahead is None:
        return warning(subject, "it does not tell", "see that NTP sets the clocks of both machines")
    if abs(ahead) > MOST_DIFFERENCE:
        told = f"{abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} ours"
        return warning(subject, told, "let NTP set the clocks of both machines")
    return ok(subject, "as ours")
