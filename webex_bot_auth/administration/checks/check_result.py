"""What a check has found: one line that ``doctor`` prints."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Level(Enum):
    """How serious a result is."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class CheckResult:
    """What a check has found.

    Attributes:
        level: how serious it is
        subject: what was checked
        message: what was found
        fix: what to do about it; empty if all is well
    """

    level: Level
    subject: str
    message: str
    fix: str = ""

    def __str__(self) -> str:
        fix = f"; {self.fix}" if self.fix else ""
        return f"{self.level.value:<9}{self.subject}: {self.message}{fix}"


def ok(subject: str, message: str) -> CheckResult:
    """All is well."""
    return CheckResult(Level.OK, subject, message)


def warning(subject: str, message: str, fix: str) -> CheckResult:
    """The bot works, but this may cause trouble later, or could not be checked."""
    return CheckResult(Level.WARNING, subject, message, fix)


def error(subject: str, message: str, fix: str) -> CheckResult:
    """The bot does not work, or not for everybody."""
    return CheckResult(Level.ERROR, subject, message, fix)
