"""Every property of the table is shown by a test."""

from __future__ import annotations

from support import properties


def test_every_property_is_shown_by_a_test() -> None:
    assert [number for number, tests in properties.shown_by().items() if not tests] == []


def test_the_table_is_up_to_date() -> None:
    assert properties.TABLE.read_text(encoding="utf-8") == properties.table(), (
        "run: PYTHONPATH=tests python -m support.properties"
    )
