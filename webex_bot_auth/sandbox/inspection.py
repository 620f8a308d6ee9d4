"""What a test can read from a sandbox, and what it can wait for."""

from __future__ import annotations

from collections.abc import Callable

from .model.messages import Message
from .model.people import Person
from .model.rooms import Room
from .services import Services
from .waiting import MessageFilter, wait_for_message


class Inspection:
    """The people, messages, connections and secrets of a sandbox.

    Args:
        services: The parts of the sandbox.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._cloud = services.cloud
        self._tokens = services.tokens

    def people(self) -> list[Person]:
        """Return all people and bots, in the order they were added."""
        return self._cloud.people

    def rooms(self) -> list[Room]:
        """Return all spaces, in the order they were made."""
        return self._cloud.spaces.all()

    def messages(self, room: Room | None = None) -> list[Message]:
        """Return the messages of one space or of all, oldest first, without deleted ones."""
        return self._cloud.messages(room)

    def history(self) -> list[Message]:
        """Return every message that was ever posted, oldest first, with deleted ones."""
        return self._cloud.history()

    def wait_for_message(
        self,
        room: Room | None = None,
        where: Callable[[Message], object] | None = None,
        *,
        person: Person | None = None,
        after: Message | None = None,
        timeout: float = 30,
    ) -> Message:
        """Wait for a message and return it: the first that fits, even if it has been deleted since.

        Args:
            room: The space it has to be in; None for any space.
            where: Called with a message, tells whether it fits; None if every message does.
            person: The person or bot that has to be its author; None for any author.
            after: An earlier message; only later ones fit. None to begin with the first message.
            timeout: Maximum wait, in seconds.

        Raises:
            NoSuchMessageError: No message fitted in time.
        """
        wanted = MessageFilter(room, person, after, where)
        return wait_for_message(self._cloud, self._services.handlings, wanted, timeout)

    @property
    def certificate(self) -> str:
        """The certificate of the websocket in PEM format; empty without TLS."""
        return self._services.certificate

    @property
    def environment(self) -> dict[str, str]:
        """The variables that ``--env`` prints; empty where the sandbox is part of another program."""
        return self._services.environment

    # -- connections of bots

    def connections(self, bot: Person) -> int:
        """Return how often a bot has connected so far."""
        return self._services.mercury.connection_counts[bot.uuid]

    def wait_until_online(self, bot: Person, timeout: float = 30, *, connections: int = 1) -> None:
        """Wait until a bot is connected and authorized.

        Args:
            bot: The bot, as returned by ``add_bot``.
            timeout: Maximum wait, in seconds.
            connections: How often it has to have connected since the sandbox was started.

        Raises:
            TimeoutError: It was not online in time.
        """

        def is_online() -> bool:
            return self._services.mercury.is_online(bot) and self.connections(bot) >= connections

        self._wait(is_online, timeout, f"{bot} to connect")

    def wait_until_offline(self, bot: Person, timeout: float = 30) -> None:
        """Wait until a bot has no connection left.

        Args:
            bot: The bot, as returned by ``add_bot``.
            timeout: Maximum wait, in seconds.

        Raises:
            TimeoutError: It was still online after this time.
        """
        self._wait(lambda: not self._services.mercury.is_online(bot), timeout, f"{bot} to disconnect")

    def _wait(self, condition: Callable[[], bool], timeout: float, what: str) -> None:
        with self._cloud.changed:
            if not self._cloud.changed.wait_for(condition, timeout):
                raise TimeoutError(f"waited {timeout} s for {what}")

    # -- tokens

    def owner(self, token: str) -> Person | None:
        """Return the person or bot that an access token was given to; None if it is unknown."""
        return self._tokens.owner(token)

    def secrets(self) -> set[str]:
        """Return every secret that this sandbox has given out so far, whether or not it is still valid.

        For tests that search logs and pages for secrets: access and refresh tokens, those of bots included,
        authorization codes, device codes and client secrets.
        """
        return self._services.secrets()
