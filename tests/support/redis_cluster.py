"""Redis Cluster, with the same program as a single server: three primaries that share the slots."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from redis.crc import key_slot

from .redis_server import RedisServer, free_port, has_replicated
from .waiting import wait_until

SLOTS = 16384
PRIMARIES = 3
#: after this time without an answer a node counts as down, once a failover is waited for; milliseconds
NODE_TIMEOUT = 1000
#: the same until then: no failover happens because the machine is busy
CALM = 60_000
#: the nodes talk to each other on another port, greater by this number
BUS = 10_000


class RedisCluster:
    """Three primaries; one of them has a replica, with which it changes places in a failover.

    The other slots stay available when one primary is down (``cluster-require-full-coverage no``).

    Args:
        folder: where the nodes keep their data

    Attributes:
        nodes: the four servers; they keep a log on disk, so that no data is lost by a restart
    """

    def __init__(self, folder: Path) -> None:
        self.nodes = [_node(folder / f"node-{number}") for number in range(PRIMARIES + 1)]

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """Host and port of each node."""
        return [("127.0.0.1", node.port) for node in self.nodes]

    def start(self) -> RedisCluster:
        """Start the nodes, and make them a cluster."""
        for number, node in enumerate(self.nodes):
            node.start()
            node.client.execute_command("CLUSTER SET-CONFIG-EPOCH", number + 1)
        first = self.nodes[0]
        for number, node in enumerate(self.nodes[:PRIMARIES]):
            share = range(number * SLOTS // PRIMARIES, (number + 1) * SLOTS // PRIMARIES)
            node.client.execute_command("CLUSTER ADDSLOTS", *share)
            for other in self.nodes:
                node.client.execute_command("CLUSTER MEET", "127.0.0.1", other.port)
        wait_until(lambda: all(map(self._has_met_all, self.nodes)), "nodes that know each other")
        self.nodes[-1].client.execute_command("CLUSTER REPLICATE", _myself(first)["node_id"])
        self._wait_until_whole()
        return self

    def stop(self) -> None:
        """Kill all nodes."""
        for node in self.nodes:
            node.stop(signal.SIGKILL)
            node.client.close()

    def heal(self) -> None:
        """Start what is down, and wait until the cluster is complete; a replaced primary is a replica."""
        for node in self.nodes:
            if node.running:
                node.resume()
            else:
                node.start()
        self._set_node_timeout(NODE_TIMEOUT)  # for twice that, a node that is back counts as down
        self._wait_until_whole()

    def flush(self) -> None:
        """Delete all data."""
        for node in self.primaries:
            node.client.flushall()
        assert self.replicated()

    # -- roles

    @property
    def primaries(self) -> list[RedisServer]:
        """All nodes that are primaries at the moment."""
        return self._of_role("master")

    @property
    def replica(self) -> RedisServer:
        """The node that is a replica at the moment."""
        return self._of_role("slave")[0]

    @property
    def with_replica(self) -> RedisServer:
        """The primary that has the replica."""
        return next(node for node in self.primaries if _facts(node)["connected_slaves"])

    @property
    def without_replica(self) -> RedisServer:
        """A primary that has no replica."""
        return next(node for node in self.primaries if not _facts(node)["connected_slaves"])

    def owner(self, key: str) -> RedisServer:
        """The primary that serves a key."""
        slot = key_slot(key.encode())
        return next(node for node in self.primaries if slot in _slots(node))

    def names_of(self, node: RedisServer, prefix: str) -> Iterator[str]:
        """Names whose keys this node serves, without end."""
        mine, number = _slots(node), 0
        while True:
            number += 1
            if key_slot(f"{prefix}name{number}".encode()) in mine:
                yield f"name{number}"

    # -- failovers and moves

    def replicated(self) -> bool:
        """Wait until the replica has all writes to its primary so far; False if it does not in 5 seconds."""
        return has_replicated(self.with_replica)

    def promoted(self, replica: RedisServer) -> float:
        """Let the replica take over, and wait until all nodes know it; return the seconds that it took."""
        self._set_node_timeout(2 * NODE_TIMEOUT)  # of the two that are left, none may count the other as down

        def known() -> bool:
            return all(_serves(_all(node), replica) for node in self.nodes if node is replica or _up(node))

        took = wait_until(known, "a replica that took over", seconds=90)
        self._set_node_timeout(CALM)
        return took

    def move_slot(self, slot: int, source: RedisServer, target: RedisServer) -> Iterator[str]:
        """Move a slot as a resharding does, in steps.

        Yields:
            the state of the move after each step
        """
        ask, ids = "CLUSTER SETSLOT", {node: _myself(node)["node_id"] for node in self.nodes}
        target.client.execute_command(ask, slot, "IMPORTING", ids[source])
        source.client.execute_command(ask, slot, "MIGRATING", ids[target])
        yield "nothing has moved"
        keys = source.client.execute_command("CLUSTER GETKEYSINSLOT", slot, 1000)
        for number, key in enumerate(keys):
            source.client.migrate("127.0.0.1", target.port, key, 0, 5000)
            if number == len(keys) // 2:
                yield "half of the keys have moved"
        yield "all keys have moved"
        for node in (target, source, *self.primaries):
            node.client.execute_command(ask, slot, "NODE", ids[target])
        yield "the slot has moved"

    def _wait_until_whole(self) -> None:
        wait_until(self._is_whole, "three primaries and a replica", seconds=90)
        self._set_node_timeout(CALM)

    def _set_node_timeout(self, milliseconds: int) -> None:
        for node in filter(_up, self.nodes):
            node.client.config_set("cluster-node-timeout", milliseconds)

    def _of_role(self, role: str) -> list[RedisServer]:
        return [node for node in self.nodes if _up(node) and _facts(node)["role"] == role]

    def _has_met_all(self, node: RedisServer) -> bool:
        known = _all(node)
        return len(known) == len(self.nodes) and not any(
            "handshake" in one["flags"] for one in known.values()
        )

    def _is_whole(self) -> bool:
        replica = self.replica
        up = _facts(replica)["master_link_status"] == "up"
        return up and all(_sees_all(node, replica) for node in self.nodes)


def _node(folder: Path) -> RedisServer:
    folder.mkdir()
    return RedisServer(
        folder,
        _port(),
        appendonly="yes",
        cluster_enabled="yes",
        cluster_node_timeout=str(NODE_TIMEOUT),
        cluster_require_full_coverage="no",
        cluster_replica_validity_factor="0",
    )


def _port() -> int:
    """A free port whose bus port exists and is free as well."""
    while True:
        port = free_port()
        if port + BUS < 65536 and _is_free(port + BUS):
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _facts(node: RedisServer) -> Any:
    return node.client.info("replication")


def _all(node: RedisServer) -> dict[str, Any]:
    """All nodes by their addresses, as one of them sees them."""
    nodes: dict[str, Any] = node.client.execute_command("CLUSTER NODES")
    return nodes


def _myself(node: RedisServer) -> Any:
    return next(one for one in _all(node).values() if "myself" in one["flags"])


def _slots(node: RedisServer) -> set[int]:
    ranges = [
        (int(first), int(last)) for first, *_, last in ((*one, one[-1]) for one in _myself(node)["slots"])
    ]
    return {slot for first, last in ranges for slot in range(first, last + 1)}


def _serves(known: dict[str, Any], node: RedisServer) -> bool:
    return any(
        address.endswith(f":{node.port}") and "master" in one["flags"] and one["slots"]
        for address, one in known.items()
    )


def _up(node: RedisServer) -> bool:
    """True if it runs and is not paused."""
    return node.running and not node.paused


def _sees_all(node: RedisServer, replica: RedisServer) -> bool:
    """True if a node sees all nodes up, the replica as a replica, and every slot served."""
    known = _all(node)
    info = node.client.execute_command("CLUSTER INFO")
    fine = not any("fail" in one["flags"] or not one["connected"] for one in known.values())
    agreed = any(
        address.endswith(f":{replica.port}") and "slave" in one["flags"] for address, one in known.items()
    )
    return fine and agreed and info["cluster_state"] == "ok" and int(info["cluster_slots_ok"]) == SLOTS
