"""Checks whether Redis can be reached, is new enough, and keeps what it is given."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...errors import StoreUnavailable
from ...user_context import RedisTokenManager
from ..redis_health import RedisHealth, redis_health
from .check_result import CheckResult, error, ok, warning
from .configuration import Configuration

#: it brought GETDEL, and SET with GET
OLDEST_VERSION = (6, 2)
#: between Redis's clock and this machine's, in seconds
MAX_CLOCK_DIFFERENCE = 30.0
NOT_REPORTED = "not reported by the server"
ASK = "ask its operator"


def check_redis(configuration: Configuration) -> Iterator[CheckResult]:
    """One result for each requirement, or one that Redis cannot be reached."""
    if not isinstance(configuration.store, RedisTokenManager):
        return
    try:
        health = redis_health(configuration.store)
    except StoreUnavailable as failure:
        message = str(failure).removeprefix("Redis: ").removeprefix("Redis ")
        yield error("Redis", message, "check the URL, the server and the network")
        return
    yield from check_redis_health(health)


def check_redis_health(health: RedisHealth) -> Iterator[CheckResult]:
    """One result for each requirement."""
    yield _version(health.version)
    yield _writes(health)
    yield _persistence(health)
    yield _eviction(health.eviction)
    yield _clock(health.seconds_ahead)


def _version(version: str | None) -> CheckResult:
    subject, needed = "Redis version", ".".join(map(str, OLDEST_VERSION))
    numbers = re.match(r"(\d+)\.(\d+)", version or "")
    if numbers is None:
        return warning(subject, NOT_REPORTED, f"{ASK}: {needed} or later is needed")
    if (int(numbers[1]), int(numbers[2])) < OLDEST_VERSION:
        return error(subject, f"{version} is too old", f"update it to {needed} or later")
    return ok(subject, str(version))


def _writes(health: RedisHealth) -> CheckResult:
    subject = "Redis writes"
    if health.is_replica:
        return error(subject, "this is a read-only replica", "use the URL of the primary, or use Sentinel")
    if health.write_refused:
        fix = "check the server's log, its memory, and the permissions of this Redis user"
        return error(subject, health.write_refused, fix)
    return ok(subject, "accepted")


def _persistence(health: RedisHealth) -> CheckResult:
    subject = "Redis persistence"
    if health.has_append_only_log:
        return ok(subject, "every write goes to a log on disk (appendonly)")
    if health.has_snapshots:
        return ok(subject, "snapshots (save); a crash loses the logins since the latest one")
    if health.has_snapshots is None:
        return warning(subject, NOT_REPORTED, f"{ASK}: without it, a restart logs everybody out")
    return warning(subject, "none: a restart of Redis logs everybody out", "set appendonly to yes")


def _eviction(policy: str | None) -> CheckResult:
    subject = "Redis eviction"
    if policy is None:
        return warning(subject, NOT_REPORTED, f"{ASK}: maxmemory-policy should be noeviction")
    if policy != "noeviction" and not policy.startswith("volatile-"):
        message = f"{policy}: when its memory is full, Redis logs people out at random"
        return warning(subject, message, "set maxmemory-policy to noeviction")
    return ok(subject, policy)


def _clock(ahead: float | None) -> CheckResult:
    subject, fix = "Redis clock", "synchronize the clocks of both machines with NTP"
    if ahead is None:
        return warning(subject, NOT_REPORTED, fix)
    if abs(ahead) > MAX_CLOCK_DIFFERENCE:
        message = f"{abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} this machine's clock"
        return warning(subject, message, fix)
    return ok(subject, "same as this machine's")
