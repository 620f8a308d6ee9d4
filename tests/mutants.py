"""One-line changes to the core, each of which has to make a test fail: ``make mutants``.

A fixed random sample of changes is made, one at a time, in a copy of the tree, and the tests that cover
the line are run; if these do not notice, those of ``make quick`` are. What no test notices is listed. It
takes most of an hour, and is no part of ``make test``.
Numbers that modules define are not changed: they are limits and times, of which tests say only that there are
any.

    python tests/mutants.py [--count 60] [--seed 1] [--only NUMBER ...]
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "webex_bot_auth"
#: of the core, these only keep words, names and types
LEFT_OUT = (
    "sandbox",
    "testing",
    "administration",
    "chat/texts.py",
    "service.py",
    "stores/protocols.py",
    "__main__.py",
)
#: maximum time for the tests of one mutant; one that never ends counts as noticed; seconds
TIMEOUT = 300

#: arguments for the tests of ``make quick``
IN_QUICK = (
    "-n",
    "2",
    "--dist",
    "loadfile",
    "-m",
    "not browser and not servers and not encrypted and not slow",
)
#: the tests that run a module, by the beginning of its path: the most telling first
TESTS = {
    "ground/bounded_close": "closing",
    "chat/bot_profile": "way_back hooks",
    "chat/direct_messages": "bounded_http guard account way_back login_cards_go",
    "chat/conversation_links": "way_back redirect_endings",
    "chat": "login_card_says_why hooks guard account guard_corners redirect_endings device_login",
    "ground/clock": "clock refresh oauth_failures",
    "commands/account": "account hooks trust",
    "commands/definition_errors": "mistakes_in_commands guard_made_anyhow settings",
    "commands/events": "kills resume two_bots redis_faults workers",
    "commands/handling": "workers closing fast_login load",
    "commands/failures": "trust guard_corners guard_faults secrets_in_errors",
    "commands/guard.": "guard_made_anyhow mistakes_in_commands guard guard_corners guard_scopes_and_cards",
    "commands/guarded": "guard guard_corners guard_faults guard_made_anyhow guard_scopes_and_cards resume",
    "commands/re": "resume guard settings account way_back workers damaged_stores",
    "commands/webex_bot_patches": "shared_files acknowledgements workers guard trust bounded_http resume",
    "webex/shared_files": "shared_files",
    "commands": "guard guard_corners account settings",
    "errors": "oauth_failures secrets_in_errors damaged_stores",
    "ground/forks": "fork",
    "ground/queues": "queues workers fast_login login_cards_go",
    "logins/backoff": "refresh_faults refresh growth",
    "logins/ci": "encryption command_line_rotate secrets_in_errors",
    "logins/con": "second_integration two_bots encryption refresh_races stores damaged_stores backends",
    "logins/asking": "waiting_commands trust device_login two_bots hooks scopes_asked_for login_cards_go",
    "logins/desk.": "desk kills waiting_commands resume",
    "logins/desks": "desk kills two_bots encryption redis_keys shared_redis",
    "logins/ending": "kills trust redirect_endings device_login oauth_failures hooks resume way_back",
    "logins/logging_out": "kills trust account redis_faults hooks",
    "logins/tidying": "login_cards_go kills closing desk",
    "logins/device": "device_faults device_login closing two_bots",
    "logins/records": "encryption two_bots damaged_stores redis_keys command_line_rotate",
    "logins/refresh": "refresh refresh_faults refresh_races outage growth hooks closing",
    "models": "copies trust encryption redis_keys secrets_in_errors backends",
    "redaction": "secrets_in_logs damaged_stores trust",
    "redirect": "redirect_requests redirect_endings redirect_in_other_apps redirect_path trust way_back",
    "signals": "hooks",
    "stores/agenda": "kills resume login_cards_go costs",
    "stores/leases": "leases refresh_races",
    "stores/memory": "stores growth device_login login_cards_go backends",
    "stores/private_file": "file_permissions yaml_writes yaml_file",
    "stores/redis/client": "settings redis_faults redis_keys sentinel cluster",
    "stores/redis": "stores shared_redis redis_keys redis_flows redis_faults costs backends cluster",
    "stores/yaml": "yaml_file damaged_stores stores yaml_writes refresh_races",
    "user_context/minimal_managers": "minimal_managers refresh hooks growth fork outside_of_commands",
    "user_context/settings": "settings scopes_asked_for oauth_settings redirect_path",
    "user_context": "hooks settings outside_of_commands without_register_bot redis_keys growth",
    "webex/bounded_http": "bounded_http connections oauth_failures",
    "webex/connections": "connections through_a_proxy bounded_http oauth_time_limits",
    "webex/device_grant": "device_faults device_login",
    "webex/identity": "redirect_endings oauth_failures trust",
    "webex/oauth": "settings oauth_grants oauth_settings redirect_requests scopes_asked_for",
    "webex/rest": "bounded_http connections trust",
    "webex/revocation": "trust account command_line_users",
    "webex/token_endpoint": "oauth_failures oauth_time_limits oauth_grants clock secrets_in_errors",
    "": "guard trust backends",
}

_OTHER = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Div: ast.Mult, ast.Mod: ast.Add,
}  # fmt: skip


@dataclass(frozen=True)
class Mutant:
    """A changed piece of a file."""

    path: str
    line: int
    start: int
    end: int
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.old!r} -> {self.new!r}"


def mutants_of(path: Path) -> Iterator[Mutant]:
    """All changes to a file that this module knows."""
    source = path.read_text(encoding="utf-8")
    starts = [0]
    for line in source.encode().splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    tree = ast.parse(source)
    for node, new in _changes(tree):
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        if node.end_lineno == node.lineno:
            start, end = (
                starts[node.lineno - 1] + node.col_offset,
                starts[node.lineno - 1] + node.end_col_offset,
            )
            old = source.encode()[start:end].decode()
            if old != new:
                yield Mutant(str(path.relative_to(ROOT)), node.lineno, start, end, old, new)


def _changes(tree: ast.AST) -> Iterator[tuple[ast.expr | ast.stmt, str]]:
    for node in ast.walk(tree):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(child):
                child.body = child.body[1:]
            if isinstance(node, ast.Module) and isinstance(child, ast.Assign) and _is_number(child.value):
                child.value = ast.Name("limit", lineno=0, end_lineno=1)
            if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
                child.body = [ast.Pass(lineno=0, end_lineno=1)]
        if isinstance(node, (ast.arguments, ast.Raise, ast.Import, ast.ImportFrom)):
            continue
        yield from _changes_of(node)


def _changes_of(node: ast.AST) -> Iterator[tuple[ast.expr | ast.stmt, str]]:
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        yield node, ast.unparse(ast.Compare(node.left, [_OTHER[type(node.ops[0])]()], node.comparators))
    elif isinstance(node, ast.BoolOp):
        yield node, ast.unparse(ast.BoolOp(_OTHER[type(node.op)](), node.values))
    elif isinstance(node, ast.BinOp) and type(node.op) in _OTHER and not _is_text(node):
        yield node, ast.unparse(ast.BinOp(node.left, _OTHER[type(node.op)](), node.right))
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node, ast.unparse(node.operand)
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield node, str(not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        yield node, str(node.value + 1)
    elif isinstance(node, ast.Return) and node.value is not None and ast.unparse(node.value) != "None":
        yield node, "return None"
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and not _is_log(node.value):
        yield node, "pass"


def _is_text(node: ast.BinOp) -> bool:
    """Types such as ``int | None``, and texts that are put together."""
    sides = [getattr(side, "value", 0) for side in (node.left, node.right)]
    return any(value is None or isinstance(value, (str, bytes, list)) for value in sides)


def _is_number(node: ast.expr) -> bool:
    return all(not isinstance(part, (ast.Name, ast.Call, ast.Dict)) for part in ast.walk(node))


def _is_log(call: ast.Call) -> bool:
    return ast.unparse(call.func).startswith("log.")


def sample(count: int, seed: int) -> list[Mutant]:
    """The same changes for the same tree and seed, spread evenly over the lines of the core."""
    paths = [path for path in sorted(PACKAGE.rglob("*.py")) if not _left_out(path)]
    every = [mutant for path in paths for mutant in mutants_of(path)]
    return random.Random(seed).sample(every, count)  # noqa: S311 (no secret)


def _left_out(path: Path) -> bool:
    return str(path.relative_to(PACKAGE)).startswith(LEFT_OUT)


def tests_for(mutant: Mutant) -> list[str]:
    """The test files that run a mutant's line."""
    inside = mutant.path.removeprefix("webex_bot_auth/")
    names = next(names for begin, names in TESTS.items() if inside.startswith(begin))
    return [
        str(path.relative_to(ROOT))
        for name in names.split()
        for path in (ROOT / "tests").glob(f"**/test_{name}.py")
    ]


def is_noticed(mutant: Mutant, copy: Path) -> bool:
    """Whether a test fails with it."""
    path = copy / mutant.path
    source = path.read_bytes()
    path.write_bytes(source[: mutant.start] + mutant.new.encode() + source[mutant.end :])
    try:
        return not (_pass(copy, *tests_for(mutant)) and _pass(copy, *IN_QUICK))
    finally:
        path.write_bytes(source)


def _pass(copy: Path, *arguments: str) -> bool:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--timeout", "60"]
    environment = {**os.environ, "PYTHONPATH": str(copy)}  # before the package that is installed
    try:
        done = subprocess.run(
            [*command, *arguments], cwd=copy, env=environment, capture_output=True, timeout=TIMEOUT
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, nargs="*", help="numbers in the sample")
    options = parser.parse_args()
    found = list(enumerate(sample(options.count, options.seed), 1))
    chosen = [one for one in found if not options.only or one[0] in options.only]
    survivors = []
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "tree"
        ignored = shutil.ignore_patterns(".venv*", ".git", "__pycache__", "build", "dist")
        shutil.copytree(ROOT, copy, ignore=ignored)
        assert _pass(copy, *IN_QUICK), "the tests of make quick fail without any change"
        for number, mutant in chosen:
            noticed = is_noticed(mutant, copy)
            print(f"{number:3} {'noticed ' if noticed else 'SURVIVED'} {mutant}", flush=True)
            survivors += [] if noticed else [mutant]
    print(f"{len(chosen) - len(survivors)} of {len(chosen)} are noticed")
    return 10 * len(survivors) > len(chosen)


if __name__ == "__main__":
    sys.exit(main())
