"""Run all benchmarks, or the named ones: ``python -m benchmarks [guarded_command ...]``.

The exit code is 1 if a figure exceeds its limit.
"""

from __future__ import annotations

import importlib
import logging
import sys
import time

from .measuring import Curve, Figure
from .report import save, table

#: the modules of this folder that measure, in the order in which they run
BENCHMARKS = (
    "guarded_command",
    "logins",
    "sql_database",
    "yaml_file",
    "maintenance",
    "memory",
    "server_time",
    "one_refresh",
    "chat_answers",
    "importing",
    "answers_under_load",
    "many_at_once",
    "distance",
    "process_memory",
    "starting",
)


def main(names: list[str]) -> int:
    logging.disable(logging.CRITICAL)  # the sandbox logs every call
    found: list[Figure | Curve] = []
    for name in names or BENCHMARKS:
        started = time.perf_counter()
        print(f"{name} ...", end=" ", file=sys.stderr, flush=True)
        found += importlib.import_module(f"benchmarks.{name}").measure()
        print(f"{time.perf_counter() - started:.0f} s", file=sys.stderr)
    figures = [one for one in found if isinstance(one, Figure)]
    print(table(figures))
    if not names:
        save(figures, [one for one in found if isinstance(one, Curve)])
    return 0 if all(figure.is_met for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
