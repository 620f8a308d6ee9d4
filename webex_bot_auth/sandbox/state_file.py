"""A file with people, bots, spaces and integrations to start with, so that a team shares one.

YAML, for example::

    people:
      - {name: Alice Adams, admin: true}
      - {name: Bob Brown, email: bob@example.com}
    bots:
      - {name: Echo Bot, token: a-token-that-everybody-in-the-team-uses}
    spaces:
      - {title: Team, people: [Alice Adams, bob@example.com, Echo Bot]}
    integrations:
      - {name: Echo Bot login, redirect_url: "http://127.0.0.1:8911/redirect", scopes: spark:people_read}
    answers:
      - {path: /v1/telephony/calls, json: {items: []}}

``answers`` are those of ``Sandbox.answer``. Everybody has a 1:1 space with every bot. Tokens,
client ids and secrets are made where none are given.
"""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from wxc_sdk.integration import Integration

from .model.people import Person
from .rest.custom_answers import AnswerEntry
from .sandbox import SCOPES, Sandbox


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class BotEntry(_Part):
    """A bot of the file."""

    name: str
    email: str | None = None
    token: str | None = None


class PersonEntry(BotEntry):
    """A person of the file."""

    admin: bool = False


class SpaceEntry(_Part):
    """A group of the file; ``people`` are names or addresses."""

    title: str
    people: list[str] = Field(min_length=1)


class IntegrationEntry(_Part):
    """An integration of the file."""

    name: str = "Sandbox integration"
    redirect_url: str = "http://127.0.0.1:8911/redirect"
    scopes: str | list[str] = " ".join(SCOPES)
    client_id: str | None = None
    client_secret: str | None = None


class State(_Part):
    """What a sandbox starts with."""

    people: list[PersonEntry] = []
    bots: list[BotEntry] = Field(min_length=1)
    spaces: list[SpaceEntry] = []
    integrations: list[IntegrationEntry] = [IntegrationEntry()]
    answers: list[AnswerEntry] = []


def read(path: str | Path) -> State:
    """Read a file.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is not as it has to be; the text says where.
    """
    try:
        return State.model_validate(yaml.safe_load(Path(path).read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        raise ValueError(f"{path} is not YAML: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise ValueError(f"{path}: {'.'.join(map(str, first['loc'])) or 'all'}: {first['msg']}") from error


def build(cloud: Sandbox, state: State) -> tuple[Person, Integration]:
    """Add what a state has to a sandbox.

    Returns:
        The first bot and the first integration.

    Raises:
        ValueError: An email address is there twice, or a space has somebody who is not there.
    """
    people = [
        cloud.add_person(one.name, email=one.email, admin=one.admin, token=one.token) for one in state.people
    ]
    bots = [cloud.add_bot(one.name, email=one.email, token=one.token) for one in state.bots]
    for bot in bots:
        for person in people:
            cloud.direct(person, bot)
    for space in state.spaces:
        cloud.group(space.title, [_find(name, [*people, *bots], space.title) for name in space.people])
    for answer in state.answers:
        cloud.answer(answer.path, method=answer.method, json=answer.body, status=answer.status)
    integrations = [cloud.integration(**one.model_dump()) for one in state.integrations]
    return bots[0], integrations[0]


def _find(name: str, people: list[Person], title: str) -> Person:
    for person in people:
        if name.lower() in (person.email, person.display_name.lower()):
            return person
    raise ValueError(f"the space {title} has {name}, who is neither among the people nor the bots")
