"""Redis Sentinel, with the same program as a single server: a primary, a replica and three Sentinels."""

from __future__ import annotations

import secrets
import signal
from pathlib import Path

from .redis_server import RedisServer, has_replicated
from .waiting import wait_until

NAME = "webex-bot"
#: after this time without an answer a server counts as down, once a failover is waited for; milliseconds.
#: Sentinels connect once a second: with less, a new primary would count as down before they have connected
DOWN_AFTER = 1500
#: the same until then: no failover happens because the machine is busy
CALM = 120_000
QUORUM = 2


class SentinelServer(RedisServer):
    """One Sentinel; it reads its configuration from a file, and writes changes to it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.id = secrets.token_hex(20)

    def knows(self, primary: RedisServer, replica: RedisServer, others: list[SentinelServer]) -> None:
        """Write the configuration, with all servers: otherwise Sentinels need seconds to find each other."""
        lines = [
            f"port {self.port}",
            "bind 127.0.0.1",
            f'dir "{self.folder}"',
            f"sentinel myid {self.id}",
            f"sentinel monitor {NAME} 127.0.0.1 {primary.port} {QUORUM}",
            f"sentinel down-after-milliseconds {NAME} {CALM}",
            f"sentinel failover-timeout {NAME} 3000",
            f"sentinel known-replica {NAME} 127.0.0.1 {replica.port}",
            *(f"sentinel known-sentinel {NAME} 127.0.0.1 {other.port} {other.id}" for other in others),
        ]
        (self.folder / "sentinel.conf").write_text("\n".join([*lines, ""]))

    def _arguments(self) -> list[str]:
        return [str(self.folder / "sentinel.conf"), "--sentinel"]


class RedisSentinel:
    """Two servers, each of which can be the primary, and three Sentinels that decide which one is.

    Args:
        folder: where all of them keep their data

    Attributes:
        servers: the two servers; they keep a log on disk, so that no data is lost by a restart
        sentinels: the three Sentinels
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.servers = [RedisServer(self._made(f"server-{n}"), appendonly="yes") for n in (1, 2)]
        self.sentinels = [SentinelServer(self._made(f"sentinel-{n}")) for n in (1, 2, 3)]

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """Host and port of each Sentinel."""
        return [("127.0.0.1", sentinel.port) for sentinel in self.sentinels]

    @property
    def primary(self) -> RedisServer:
        """The server that the Sentinels name as the primary."""
        return self._server(self._primary_port(self.sentinels[0]))

    @property
    def replica(self) -> RedisServer:
        """The other server, whatever its role is at the moment."""
        return self._other(self.primary)

    def start(self) -> RedisSentinel:
        """Start all servers, and wait until a failover is possible."""
        primary, replica = (server.start() for server in self.servers)
        self._follow(replica, primary)
        for sentinel in self.sentinels:
            sentinel.knows(primary, replica, [other for other in self.sentinels if other is not sentinel])
        for sentinel in self.sentinels:
            sentinel.start()
        wait_until(self._is_whole, "three Sentinels that can do a failover")
        return self

    def stop(self) -> None:
        """Kill all servers."""
        for server in [*self.sentinels, *self.servers]:
            server.stop(signal.SIGKILL)
            server.client.close()

    def flush(self) -> None:
        """Delete all data, on both servers."""
        self.primary.client.flushall()
        assert self.replicated()

    def replicated(self) -> bool:
        """Wait until the replica has all writes so far; False if it does not in 5 seconds."""
        return has_replicated(self.primary)

    def promoted(self, old: RedisServer) -> float:
        """Let the Sentinels replace ``old`` by the other server; return the seconds that it took."""
        new = self._other(old)
        self._set_down_after(DOWN_AFTER)
        # longer than a Sentinel does nothing after it was held up (its "tilt" mode)
        return wait_until(lambda: self._all_name(new) and _role(new) == "master", "a new primary", seconds=90)

    def heal(self) -> None:
        """Start what is down, and make the other server a replica of the primary.

        The Sentinels would do it as well, in 10 seconds; see :meth:`demoted`.
        """
        for server in [*self.servers, *self.sentinels]:
            if server.running:
                server.resume()
            else:
                server.start()
        wait_until(self._agree, "Sentinels that agree", seconds=90)
        self._follow(self.replica, self.primary)
        wait_until(self._is_whole, "a primary, a replica and three Sentinels", seconds=90)
        self._set_down_after(CALM)

    def _set_down_after(self, milliseconds: int) -> None:
        for sentinel in self.sentinels:
            sentinel.client.execute_command("SENTINEL SET", NAME, "down-after-milliseconds", milliseconds)

    def demoted(self, old: RedisServer) -> float:
        """Wait until the Sentinels have made ``old`` a replica; return the seconds that it took."""
        return wait_until(lambda: _follows(old), "the old primary as a replica", seconds=90)

    def _made(self, name: str) -> Path:
        folder = self._folder / name
        folder.mkdir()
        return folder

    def _server(self, port: int) -> RedisServer:
        return next(server for server in self.servers if server.port == port)

    def _other(self, server: RedisServer) -> RedisServer:
        return self.servers[1 - self.servers.index(server)]

    def _follow(self, replica: RedisServer, primary: RedisServer) -> None:
        if not _follows(replica):
            replica.client.replicaof("127.0.0.1", str(primary.port))
        wait_until(lambda: _follows(replica), "a replica that follows")

    @staticmethod
    def _primary_port(sentinel: RedisServer) -> int:
        return int(sentinel.client.sentinel_masters()[NAME]["port"])  # the same answer that clients get

    def _all_name(self, server: RedisServer) -> bool:
        return all(self._primary_port(sentinel) == server.port for sentinel in self.sentinels)

    def _agree(self) -> bool:
        return self._all_name(self.primary) and _role(self.primary) == "master"

    def _is_whole(self) -> bool:
        return self._agree() and all(map(self._sees_all, self.sentinels))

    @staticmethod
    def _sees_all(sentinel: RedisServer) -> bool:
        """True if a Sentinel sees both servers up, and enough Sentinels for a failover."""
        sentinel.client.execute_command("SENTINEL CKQUORUM", NAME)  # raises an error if there are too few
        states = [sentinel.client.sentinel_masters()[NAME], *sentinel.client.sentinel_slaves(NAME)]
        return [state["flags"] for state in states] == ["master", "slave"]


def _role(server: RedisServer) -> str:
    return str(server.client.info("replication")["role"])


def _follows(server: RedisServer) -> bool:
    facts = server.client.info("replication")
    return facts["role"] == "slave" and facts["master_link_status"] == "up"
