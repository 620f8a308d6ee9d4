"""The files of examples/production fit together: they name files that exist, and run the same commands."""

from __future__ import annotations

import configparser
import re
import runpy
import shlex
import shutil
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.documented import ROOT, blocks, commands
from support.production import COMMANDS, FOLDER, procfile
from support.tools import BIN, check, needs, program

import webex_bot_auth
from webex_bot_auth.chat import direct_messages
from webex_bot_auth.stores.redis import client as redis_client
from webex_bot_auth.webex import bounded_http, rest, token_endpoint

HOME = "/opt/webex-bot-auth"
IGNORED = {"README.md", "__pycache__", ".mypy_cache"}
README = (FOLDER / "README.md").read_text(encoding="utf-8")
GUNICORN: dict[str, Any] = runpy.run_path(str(FOLDER / "gunicorn.conf.py"))


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text(encoding="utf-8"))
    return loaded


def unit(name: str) -> dict[str, str]:
    """The settings of a service; of those that occur twice, the last one."""
    parser = configparser.ConfigParser(strict=False, interpolation=None, delimiters="=")
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    assert parser.read(FOLDER / "systemd" / f"{name}.service", encoding="utf-8")
    assert set(parser) == {"DEFAULT", "Unit", "Service", "Install"}
    return dict(parser["Service"])


def env_example() -> dict[str, str]:
    lines = (FOLDER / "env.example").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def seconds(text: str) -> int:
    return int(text.removesuffix("s"))


def manifests(name: str) -> dict[str, dict[str, Any]]:
    """The objects of a file for Kubernetes, by their kinds."""
    text = (FOLDER / "kubernetes" / f"{name}.yaml").read_text(encoding="utf-8")
    return {manifest["kind"]: manifest for manifest in yaml.safe_load_all(text)}


def pod(name: str, kind: str = "Deployment") -> dict[str, Any]:
    found: dict[str, Any] = manifests(name)[kind]["spec"]["template"]["spec"]
    return found


def probes(container: dict[str, Any]) -> dict[str, str]:
    """The paths of a container's probes."""
    return {
        name.removesuffix("Probe"): probe["httpGet"]["path"]
        for name, probe in container.items()
        if name.endswith("Probe")
    }


@pytest.mark.parametrize("name", ["one", "web", "bot"])
def test_systemd_runs_the_command(name: str) -> None:
    service = unit("webex-bot-auth" if name == "one" else f"webex-bot-auth-{name}")
    assert service["ExecStart"].replace(f"{HOME}/venv/bin/", "", 1) == COMMANDS[name]
    assert service["WorkingDirectory"] == HOME
    assert service["Restart"] == "always"
    assert service["DynamicUser"] == "yes"


@pytest.mark.parametrize("name", ["web", "bot"])
class TestOneCommandEverywhere:
    def test_in_compose(self, name: str, compose: dict[str, Any]) -> None:
        assert compose["services"][name]["command"] == procfile()[name]

    def test_in_kubernetes(self, name: str) -> None:
        (container,) = pod(name)["containers"]
        assert shlex.join(container["command"]) == procfile()[name]

    def test_its_files_exist_and_come_into_the_image(self, name: str) -> None:
        image = (FOLDER / "Dockerfile").read_text(encoding="utf-8")
        copied = {
            word
            for line in re.findall(r"^COPY (.*) \./$", image, re.MULTILINE)
            for word in line.split()
            if "*" not in word
        }
        files = {word for word in shlex.split(procfile()[name]) if word.endswith(".py")}
        assert files
        assert files <= copied
        assert all((FOLDER / file).is_file() for file in copied)
        assert {file.name for file in FOLDER.glob("*.py")} <= copied

    def test_there_is_time_for_logins_to_end(self, name: str, compose: dict[str, Any]) -> None:
        # the token endpoint, people/me and the message, with the Redis commands before and between them
        own = bounded_http.CONNECT_SECONDS + rest.OWN.total_seconds
        message = own + direct_messages.RATE_LIMIT_SECONDS
        login = token_endpoint.TOTAL_SECONDS + own + message + 4 * redis_client.ANSWER_SECONDS
        graceful = GUNICORN["graceful_timeout"]
        assert login <= graceful
        assert graceful < seconds(unit(f"webex-bot-auth-{name}")["TimeoutStopSec"])
        assert graceful < seconds(compose["services"][name]["stop_grace_period"])
        assert graceful < pod(name)["terminationGracePeriodSeconds"]
        assert GUNICORN["timeout"] > token_endpoint.TOTAL_SECONDS
        waits = re.findall(r"proxy_read_timeout (\d+)s", (FOLDER / "nginx.conf").read_text(encoding="utf-8"))
        annotations = manifests("ingress")["Ingress"]["metadata"]["annotations"]
        assert {*waits, annotations["nginx.ingress.kubernetes.io/proxy-read-timeout"]} == {str(graceful)}


class TestKubernetes:
    """Kubernetes starts again what does not answer, and sends browsers only to what can serve them."""

    def test_what_a_lost_store_does_to_a_pod(self, compose: dict[str, Any]) -> None:
        (web,), (bot,) = pod("web")["containers"], pod("bot")["containers"]
        assert probes(web) == {"startup": "/live", "liveness": "/live", "readiness": "/ready"}
        assert probes(bot) == {}  # the supervisor starts it again when it ends
        assert pod("bot")["restartPolicy"] == "Always"
        assert ":8000/ready'" in compose["services"]["web"]["healthcheck"]["test"][-1]

    @pytest.mark.parametrize(
        ("name", "kind"), [("bot", "Deployment"), ("web", "Deployment"), ("redis", "StatefulSet")]
    )
    def test_the_namespace_admits_the_pods(self, name: str, kind: str) -> None:
        """As the Pod Security Standard *restricted* asks for."""
        labels = manifests("namespace")["Namespace"]["metadata"]["labels"]
        assert labels == {"pod-security.kubernetes.io/enforce": "restricted"}
        security = pod(name, kind)["securityContext"]
        assert security["runAsNonRoot"] is True
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in pod(name, kind)["containers"]:
            assert container["securityContext"]["allowPrivilegeEscalation"] is False
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}

    def test_two_bots_take_turns(self) -> None:
        bots = manifests("bot")["Deployment"]["spec"]
        assert bots["replicas"] == 2
        (spread,) = pod("bot")["topologySpreadConstraints"]
        assert spread["labelSelector"] == bots["selector"]  # on two nodes

    def test_redis_is_the_one_of_compose(self, compose: dict[str, Any]) -> None:
        (redis,) = pod("redis", "StatefulSet")["containers"]
        composed = compose["services"]["redis"]
        assert redis["image"] == composed["image"]
        assert redis["command"] == [word.replace("$$", "$") for word in composed["command"]]

    def test_the_names_fit(self) -> None:
        kustomization = yaml.safe_load((FOLDER / "kubernetes/kustomization.yaml").read_text(encoding="utf-8"))
        files = {file.name for file in (FOLDER / "kubernetes").glob("*.yaml")} - {"kustomization.yaml"}
        assert set(kustomization["resources"]) == files
        assert {image["name"] for image in kustomization["images"]} == {
            pod(name)["containers"][0]["image"] for name in ("bot", "web")
        }
        (secret,) = (generator["name"] for generator in kustomization["secretGenerator"])
        for name in ("bot", "web"):
            assert pod(name)["containers"][0]["envFrom"] == [{"secretRef": {"name": secret}}]
        (policy,) = manifests("redis")["NetworkPolicy"]["spec"]["ingress"]
        (allowed,) = policy["from"][0]["podSelector"]["matchLabels"].items()
        for name in ("bot", "web"):
            assert allowed in manifests(name)["Deployment"]["spec"]["template"]["metadata"]["labels"].items()
        service = manifests("web")["Service"]
        assert (
            service["spec"]["selector"] == manifests("web")["Deployment"]["spec"]["selector"]["matchLabels"]
        )

    def test_the_files_fit_the_schemas(self) -> None:
        files = [file for file in (FOLDER / "kubernetes").glob("*.yaml") if file.name != "kustomization.yaml"]
        printed = check(program("kubernetes-validate"), "--strict", *files)
        assert "passed for resource deployment/bot" in printed

    @needs("kubectl")
    def test_so_does_what_kubectl_makes_of_them(self, tmp_path: Path) -> None:
        """With the Secret, from a copy of env.example."""
        kubectl = program("kubectl")
        made = shutil.copytree(FOLDER / "kubernetes", tmp_path / "kubernetes")
        shutil.copy(FOLDER / "env.example", made / ".env")
        rendered = tmp_path / "rendered.yaml"
        check(kubectl, "kustomize", made, "--output", rendered)
        printed = check(program("kubernetes-validate"), "--strict", rendered)
        assert "passed for resource secret/settings-" in printed
        (secret,) = (it for it in yaml.safe_load_all(rendered.read_text()) if it["kind"] == "Secret")
        assert set(secret["data"]) == set(env_example())


class TestTools:
    """Each kind of file is read by the program that it is for, or by its linter."""

    @needs("systemd-analyze")
    def test_systemd(self, tmp_path: Path) -> None:
        units = list((FOLDER / "systemd").glob("*.service"))
        assert len(units) == 3
        for file in units:  # the programs are those of the tests
            text = file.read_text(encoding="utf-8").replace(f"{HOME}/venv/bin", str(BIN))
            (tmp_path / file.name).write_text(text.replace(HOME, str(FOLDER)), encoding="utf-8")
        said = check(program("systemd-analyze"), "verify", *tmp_path.glob("*.service"))
        assert [
            line for line in said.splitlines() if "webex-bot-auth" in line
        ] == []  # unknown names are warnings

    @needs("hadolint")
    def test_docker(self) -> None:
        check(program("hadolint"), FOLDER / "Dockerfile")

    def test_compose(self) -> None:
        validate = program("check-jsonschema")
        check(validate, "--builtin-schema", "vendor.compose-spec", FOLDER / "compose.yaml")


def test_compose_names_what_exists(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for service in services.values():
        assert ("image" in service) != ("build" in service)
        assert service.get("build", ".") == "."
        assert service.get("env_file", ".env") == ".env"  # a copy of env.example
        assert set(service.get("depends_on", {})) <= set(services)
        assert {mount.split(":")[0] for mount in service.get("volumes", [])} <= set(compose["volumes"])
        assert service["restart"] == "unless-stopped"
    used = set(re.findall(r"\$\{(\w+)", (FOLDER / "compose.yaml").read_text(encoding="utf-8")))
    assert used <= set(env_example())
    assert "appendonly yes" in services["redis"]["command"][2]


def test_the_example_settings_are_all_that_are_read_and_hold_no_secret() -> None:
    required = runpy.run_path(str(FOLDER / "settings.py"))["REQUIRED"]
    code = "".join((FOLDER / name).read_text(encoding="utf-8") for name in ("tokens.py", "bot.py", "web.py"))
    read = set(re.findall(r'settings\.\w+\("(\w+)"', code))
    assert read | {"REDIS_PASSWORD"} == set(env_example())
    assert set(required) <= read
    assert {name: value for name, value in env_example().items() if value} == {
        "WEBEX_SCOPES": "spark:people_read"
    }


@pytest.mark.parametrize(
    ("setting", "kind"),
    [("REDIS_URL", "RedisTokenManager"), ("SQL_URL", "SQLTokenManager"), ("YAML_BASE", "YAMLTokenManager")],
)
def test_a_setting_chooses_the_store(setting: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[tuple[str, dict[str, Any]]] = []
    for name in ("RedisTokenManager", "SQLTokenManager", "YAMLTokenManager"):
        make = partial(lambda name, *_, **options: made.append((name, options)), name)
        monkeypatch.setattr(webex_bot_auth, name, make, raising=False)
    monkeypatch.syspath_prepend(FOLDER)
    monkeypatch.setenv(setting, "where it is")
    monkeypatch.setenv("WEBEX_BOT_AUTH_KEYS", "new, old")
    runpy.run_path(str(FOLDER / "tokens.py"))["token_manager"]()
    monkeypatch.delitem(sys.modules, "settings")
    ((found, options),) = made
    assert found == kind
    assert "where it is" in options.values()
    assert options["encryption_keys"] == ["new", "old"]


def test_the_readme_names_all_files_and_the_numbers_of_gunicorn() -> None:
    named = re.findall(r"\]\((?!https?:|\.\.)([^)#]+)", README)
    assert set(named) == {file.name for file in FOLDER.iterdir() if file.name not in IGNORED}
    numbers = re.findall(r"(\d+) workers . (\d+) threads", README)
    assert numbers == [(str(GUNICORN["workers"]), str(GUNICORN["threads"]))]


@pytest.mark.parametrize("page", sorted((ROOT / "docs/deployment").glob("*.md")), ids=lambda page: page.stem)
def test_the_steps_name_files_that_exist(page: Path) -> None:
    name = page.relative_to(ROOT).as_posix()
    for command in (words for block in blocks(name, "sh") for words in commands(block)):
        for word in command[1:]:
            if re.fullmatch(r"systemd/.*|kubernetes|env\.example|requirements\.txt", word):
                assert (FOLDER / word).exists(), word
            if word.startswith("/opt/"):
                assert word.startswith(HOME)
