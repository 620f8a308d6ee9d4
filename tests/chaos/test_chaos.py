"""Three short runs of chaos; plans are pure; and the checker notices what it is there for."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from .__main__ import run
from .checker import Asked, Call, Page, Records, Run, Told, problems
from .plan import KINDS, make_plan

SIZE = {"people": 10, "messages": 50, "every": 3}
ALICE, BOB = "alice@example.com", "bob@example.com"


@pytest.mark.servers
@pytest.mark.slow
@pytest.mark.holds(26, 33, 46, 55, 58, 75, 77)
def test_three_seeds_keep_all_promises(tmp_path: Path) -> None:
    def run_one(seed: int) -> list[str]:
        return run(seed, **SIZE, folder=tmp_path / str(seed))

    with ThreadPoolExecutor(3) as jobs:
        assert [line for found in jobs.map(run_one, (1, 2, 3)) for line in found] == []


def test_a_plan_is_a_function_of_its_seed_and_has_each_kind_of_fault() -> None:
    assert str(make_plan(1, **SIZE)) == str(make_plan(1, **SIZE)) != str(make_plan(2, **SIZE))
    assert {fault.kind for fault in make_plan(1, **SIZE).faults} == set(KINDS)


def asked(text: str, time: float, **more: object) -> Asked:
    label = text.split()[0] if text[0] in "mu" else ""
    return Asked(ALICE, time, f"uuid-{time}", f"id-{time}", label, text, **more)  # type: ignore[arg-type]


QUICK, LOGOUT = asked("m001 quick", 1.0), asked("logout", 3.0)
ANSWER = Told(ALICE, 2.0, QUICK.uuid, "[answer] m001")
CARD = Told(ALICE, 2.0, "", "[login_for_command] “m001” needs it", has_card=True)
REFUSED = Told(ALICE, 3.0, "", "[refused] No permission.")
INTERRUPTED = Told(ALICE, 2.0, "", "[interrupted] Look whether it was done.")
BYE = Told(ALICE, 4.0, LOGOUT.uuid, "[logged_out] You are logged out.")
DONE = Page(ALICE, 1.5, 1.8, "page_done", by=ALICE)
RUN = Run(ALICE, 1.9, "m001", QUICK.id)
OTHER = asked("m002 quick", 1.1)

#: what a run leaves behind, and the beginning of what was not kept; empty: all was
ENDS = {
    "an answer": (Records([QUICK], [ANSWER]), ""),
    "silence": (Records([QUICK]), "no word"),
    "a card that nobody used": (Records([QUICK], [CARD]), "no word"),
    "a refusal ends what waits": (Records([QUICK], [CARD, REFUSED]), ""),
    "a refusal is no word for what does not wait": (Records([QUICK], [REFUSED]), "no word"),
    "a sentence before it": (Records([replace(QUICK, time=9.0)], [INTERRUPTED]), "no word"),
    "one sentence for one message": (Records([QUICK], [INTERRUPTED]), ""),
    "one sentence for two messages": (Records([QUICK, OTHER], [INTERRUPTED]), "no word"),
    "a pointer": (Records([QUICK], [replace(ANSWER, text="[look_in_direct] Look.")]), "no word"),
    "a logout that was interrupted": (
        Records([QUICK, LOGOUT], [CARD, replace(INTERRUPTED, time=4.0)]), "",
    ),
    "an ERROR that names it": (Records([QUICK], errors=[f"ERROR {QUICK.uuid}"]), ""),
    "only a word after the faults": (Records([replace(QUICK, is_last=True)], [INTERRUPTED]), "not answered"),
    "twice": (Records([QUICK], [ANSWER], runs=[RUN, RUN]), "ran 2 times"),
    "twice, as its login was refused": (
        Records([QUICK], [replace(CARD, text="[login_again] “m001” runs"), ANSWER], runs=[RUN, RUN]), "",
    ),
    "twice, as it could not be claimed": (
        Records([QUICK], [ANSWER], runs=[RUN, RUN], errors=[f"ERROR {QUICK.uuid} is handled unclaimed"]), "",
    ),
    "another token": (Records([QUICK], [ANSWER], calls=[Call(ALICE, BOB)]), "wrong token"),
    "another token stored": (Records(stored={ALICE: BOB}), "wrong token"),
    "a login": (Records([QUICK], [ANSWER], [DONE], stored={ALICE: ALICE}), ""),
    "a lost login": (Records([QUICK], [ANSWER], [DONE]), "login lost"),
    "a logout": (Records([LOGOUT], [BYE], [DONE]), ""),
    "a login after a logout": (
        Records([LOGOUT], [BYE], [replace(DONE, begin=5.0, end=6.0)], stored={ALICE: ALICE}), "",
    ),
    "an undone logout": (Records([LOGOUT], [BYE], [DONE], stored={ALICE: ALICE}), "logout undone"),
    "a command after a logout": (
        Records(
            [LOGOUT, replace(QUICK, time=5.0)], [BYE, replace(ANSWER, time=7.0)], [DONE],
            [replace(RUN, time=6.0)],
        ),
        "logout undone",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("records", "expected"), ENDS.values(), ids=ENDS.keys())
def test_the_checker_notices(records: Records, expected: str) -> None:
    found = problems(records)
    assert bool(found) == bool(expected)
    assert all(line.startswith(expected) for line in found)
