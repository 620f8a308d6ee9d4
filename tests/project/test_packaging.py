"""What is built for the package index is complete, and works where nothing else of the project is."""

from __future__ import annotations

import importlib.metadata
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest
import requests
from support.redis_server import RedisServer

import webex_bot_auth

ROOT = Path(__file__).parents[2]
NOT_COPIED = shutil.ignore_patterns(
    ".git", ".venv*", "build", "dist", "*.egg-info", "__pycache__", ".*_cache", ".hypothesis"
)

#: the parts of the package that come from files other than modules: Redis scripts, the page, its style
SMOKE = """
import sys
from flask import Flask
from wxc_sdk.integration import Integration
import webex_bot_auth
from webex_bot_auth import RedisTokenManager
print(webex_bot_auth.__file__)
services = dict(auth_service="http://127.0.0.1/authorize", token_service="http://127.0.0.1/access_token")
integration = Integration(client_id="id", client_secret="secret", scopes="spark:people_read",
                          redirect_url="http://127.0.0.1:5000/redirect", **services)
with RedisTokenManager("bot-token", integration, redis_url=sys.argv[1]) as manager:
    assert manager.start_flow(user_id="alice")
    app = Flask(__name__)
    manager.register_redirect(flask=app)
    page = app.test_client().get("/redirect?state=unknown&code=code")
    assert page.status_code == 410 and "<style" in page.text, page.text
"""
PLUGIN = """
from webex_bot_auth.testing import WebexSandbox

def test_the_fixture(webex_sandbox):
    assert isinstance(webex_sandbox, WebexSandbox)
"""


def run(*command: object, cwd: Path) -> str:
    """What a program prints; its errors are shown when it fails."""
    done = subprocess.run([*map(str, command)], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source distribution, and the wheel that is built from it."""
    source, built = tmp_path_factory.mktemp("source") / "project", tmp_path_factory.mktemp("built")
    shutil.copytree(ROOT, source, ignore=NOT_COPIED)
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", built, cwd=source)
    return built


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    return next(built.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Programs of an environment with the wheel, and with this one's packages apart from this project."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder)
    programs = folder / Path(sys.executable).parent.name
    pip = sys.executable, "-m", "pip", "--python", programs / "python"
    run(*pip, "install", "--no-deps", "--no-index", "--no-compile", wheel, cwd=folder)
    packages = next(folder.rglob("site-packages"))
    others = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    Path(packages, "others.pth").write_text("\n".join(others), encoding="utf-8")
    return programs


def test_the_wheel_has_each_file_of_the_package(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    package = Path(webex_bot_auth.__file__).parent
    files = {path for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert packed == {path.relative_to(ROOT).as_posix() for path in files} | {"pytest_webex_bot_auth.py"}
    assert {Path(name).suffix for name in packed} >= {".py", ".typed", ".html", ".css", ".js", ".svg", ".lua"}


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="git has to know the files")
def test_the_source_distribution_has_each_file_of_the_project(built: Path) -> None:
    known = run("git", "ls-files", "--cached", "--others", "--exclude-standard", cwd=ROOT).splitlines()
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        packed = {name.partition("/")[2] for name in archive.getnames()}
    assert {name for name in known if (ROOT / name).is_file()} <= packed


def test_the_package_index_will_accept_both(built: Path) -> None:
    run(sys.executable, "-m", "twine", "check", "--strict", *built.iterdir(), cwd=built)


def test_there_is_one_version(wheel: Path, installed: Path) -> None:
    version = webex_bot_auth.__version__
    assert importlib.metadata.version("webex-bot-auth") == version
    assert wheel.name == f"webex_bot_auth-{version}-py3-none-any.whl"
    assert run(installed / "webex-bot-auth", "--version", cwd=wheel.parent) == f"webex-bot-auth {version}\n"


def test_the_redis_scripts_and_the_page_are_found(
    installed: Path, redis_server: RedisServer, tmp_path: Path
) -> None:
    where = run(installed / "python", "-c", SMOKE, redis_server.url, cwd=tmp_path)
    assert str(installed.parent) in where


def test_the_sandbox_serves_its_chat_page(installed: Path, tmp_path: Path) -> None:
    command = [installed / "python", "-m", "webex_bot_auth.sandbox", "--port", "0"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as program:
        try:
            assert program.stdout
            address = next(line.split()[-1] for line in program.stdout if "Chat page" in line)
            page = requests.get(address, timeout=30)
            assert page.status_code == 200
            parts = re.findall(r'(?:src|href)="(/[^"]+\.(?:js|css|svg))"', page.text)
            assert {Path(part).suffix for part in parts} == {".js", ".css", ".svg"}
            for part in parts:
                assert requests.get(address + part, timeout=30).status_code == 200, part
        finally:
            program.terminate()


def test_pytest_finds_the_plugin(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "test_plugin.py").write_text(PLUGIN, encoding="utf-8")
    printed = run(installed / "python", "-m", "pytest", "-p", "no:cacheprovider", cwd=tmp_path)
    assert "1 passed" in printed
