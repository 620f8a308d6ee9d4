"""``doctor`` checks Redis: its version, its clock, and whether it persists data."""

from __future__ import annotations

import functools
import re
from datetime import timedelta

import pytest
from support.doctor import Doctor
from support.redis_server import RedisServer, free_port

from webex_bot_auth.administration import redis_health
from webex_bot_auth.administration.checks.redis_requirements import check_redis_health
from webex_bot_auth.administration.redis_health import RedisHealth
from webex_bot_auth.ground.clock import utc_now

pytestmark = pytest.mark.usefixtures("no_settings")


def test_doctor_reports_that_redis_is_down(redis_doctor: Doctor, durable_server: RedisServer) -> None:
    durable_server.pause()
    assert (
        redis_doctor.line("Redis") == f"error: does not answer in time (127.0.0.1:{durable_server.port}); "
        "check the URL, the server and the network"
    )
    durable_server.resume()
    durable_server.stop()
    assert redis_doctor.line("Redis").startswith("error: cannot be reached")
    assert redis_doctor.line("records").startswith("error: cannot be read: users: Redis cannot be reached")
    durable_server.options["requirepass"] = "hush"
    durable_server.start()
    assert redis_doctor.line("Redis").startswith("error: refuses the user name or password")


def test_doctor_reports_how_redis_persists_data(redis_doctor: Doctor, durable_server: RedisServer) -> None:
    durable_server.client.config_set("appendonly", "no")
    none = "warning: none: a restart of Redis logs everybody out; set appendonly to yes"
    assert redis_doctor.line("Redis persistence") == none
    durable_server.client.config_set("save", "900 1")
    assert redis_doctor.line("Redis persistence").startswith("ok: snapshots (save)")
    durable_server.client.config_set("maxmemory-policy", "allkeys-lru")
    assert redis_doctor.line("Redis eviction").startswith("warning: allkeys-lru: when its memory is full")
    durable_server.client.config_set("maxmemory-policy", "volatile-ttl")
    assert redis_doctor.line("Redis eviction") == "ok: volatile-ttl"


def test_doctor_reports_a_redis_that_takes_no_writes(
    redis_doctor: Doctor, durable_server: RedisServer
) -> None:
    durable_server.client.config_set("maxmemory", "1")
    assert redis_doctor.line("Redis writes").startswith("error: Redis answers OutOfMemoryError")
    durable_server.client.config_set("maxmemory", "0")
    durable_server.client.replicaof("127.0.0.1", free_port())
    assert redis_doctor.line("Redis writes").startswith(
        "error: this is a read-only replica; use the URL of the"
    )


def test_doctor_names_what_it_is_not_permitted_to_read_in_redis(
    redis_doctor: Doctor, durable_server: RedisServer
) -> None:
    hidden = ["-info", "-config", "-time", "-set"]
    durable_server.client.acl_setuser("guest", enabled=True, nopass=True, keys=["*"], commands=["+@all"])
    durable_server.client.execute_command("ACL", "SETUSER", "guest", *hidden)
    redis_doctor.store_arguments[1] = durable_server.url.replace("//", "//guest@")
    for fact in ("version", "persistence", "eviction", "clock"):
        assert redis_doctor.line(f"Redis {fact}").startswith("warning: not reported by the server; ")
    assert redis_doctor.line("Redis writes").startswith("error: the Redis user lacks the right for this")


def test_doctor_compares_the_clock_with_redis(redis_doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    for seconds, said in (
        (40, r"\d+ s behind this machine's clock"),
        (-40, r"\d+ s ahead of this machine's clock"),
    ):
        ours = functools.partial(lambda ahead: utc_now() + timedelta(seconds=ahead), seconds)
        monkeypatch.setattr(redis_health, "utc_now", ours)
        assert re.match(f"warning: {said}; synchronize", redis_doctor.line("Redis clock"))


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ("5.0.14", "error    Redis version: 5.0.14 is too old; update it to 6.2 or later"),
        ("6.0.16", "error    Redis version: 6.0.16 is too old; update it to 6.2 or later"),
        ("6.2.0", "ok       Redis version: 6.2.0"),
        ("10.0.0", "ok       Redis version: 10.0.0"),
        (
            "unstable",
            "warning  Redis version: not reported by the server; ask its operator: 6.2 or later is needed",
        ),
    ],
)
def test_doctor_knows_which_redis_is_too_old(version: str, said: str) -> None:
    health = RedisHealth(version, False, None, True, True, "noeviction", 0.0)
    assert str(next(iter(check_redis_health(health)))) == said
