"""Run chaos: ``python -m chaos --seeds 20``; prints each seed, and how it went."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .checker import timeline
from .plan import make_plan
from .world import World


def run(seed: int, *, people: int, messages: int, every: int, folder: Path) -> list[str]:
    """Run one seed, and return what was promised and not kept."""
    plan = make_plan(seed, people=people, messages=messages, every=every)
    with World(plan, folder) as world:
        found = world.run()
        (folder / "timeline.txt").write_text(timeline(world.records()))
        return found


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m chaos", formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=1, help="how many seeds")
    parser.add_argument("--first", type=int, default=1, help="the first of them")
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--messages", type=int, default=1000)
    parser.add_argument("--every", type=int, default=8, help="after how many messages something fails")
    parser.add_argument("--jobs", type=int, default=1, help="seeds that run at the same time")
    parser.add_argument("--show", action="store_true", help="print the plans alone")
    parser.add_argument("--keep", action="store_true", help="keep the logs also where all is well")
    options = parser.parse_args()
    size = {"people": options.people, "messages": options.messages, "every": options.every}
    seeds = range(options.first, options.first + options.seeds)
    if options.show:
        print(*(make_plan(seed, **size) for seed in seeds), sep="\n")
        return 0

    def run_one(seed: int) -> bool:
        began, folder = time.monotonic(), Path(tempfile.mkdtemp(prefix=f"chaos-{seed}-"))
        found = run(seed, **size, folder=folder)
        print(
            f"seed {seed}: {len(found) or 'no'} broken promises, {time.monotonic() - began:.0f} s", flush=True
        )
        for line in found:
            print(f"  {line}", flush=True)
        if found or options.keep:
            print(f"  logs: {folder}", flush=True)
        else:
            shutil.rmtree(folder)
        return not found

    with ThreadPoolExecutor(options.jobs) as jobs:
        return not all(jobs.map(run_one, seeds))


if __name__ == "__main__":
    sys.exit(main())
