"""Configuration of Sphinx: ``make docs`` builds the site, and every warning is an error."""

from __future__ import annotations

import importlib
import re
import sys
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

sys.path.insert(0, str(Path(__file__).parent))

project = "webex-bot-auth"
version = release = installed_version(project)
repository = "https://github.com/webex-bot-auth/webex-bot-auth"
html_title = "webex-bot-auth"
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "reference_tables",
]

html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_theme_options = {
    "source_repository": repository,
    "source_branch": "main",
    "source_directory": "docs/",
}

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4  # as GitHub makes them
myst_links_external_new_tab = False

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_class_signature = "mixed"
napoleon_numpy_docstring = False
napoleon_use_ivar = True

nitpicky = True
# other projects' objects are not looked up, as that needs the network
nitpick_ignore_regex = [
    ("py:.*", r"(?!webex_bot_auth\.).*"),
    # what only the package's own code uses, though docstrings and signatures name it
    ("py:.*", r"webex_bot_auth\.(logins|commands|service)\..*"),
    ("py:class", r"webex_bot_auth\.(models\.WaitingCommand|sandbox\.\w+\..*)"),
]


def find_by_another_name(app: Sphinx, env: Any, node: Any, content: Any) -> nodes.reference | None:
    """Link to an object that is documented under another of its names."""
    module, _, name = node["reftarget"].rpartition(".")
    try:
        target = getattr(importlib.import_module(module), name)
        canonical = f"{target.__module__}.{target.__qualname__}"
    except (AttributeError, ImportError, ValueError):
        return None
    domain = env.get_domain("py")
    found = domain.objects.get(canonical)
    link = found and domain.resolve_xref(env, node["refdoc"], app.builder, "obj", canonical, node, content)
    return link or None


def link_to_the_repository(app: Sphinx, page: str, source: list[str]) -> None:
    """What is no page is linked where it can be read: relative links work in the repository as well."""

    def absolute(link: re.Match[str]) -> str:
        path = (Path(app.srcdir) / page).parent.joinpath(link[1]).resolve()
        if path.is_relative_to(app.srcdir):
            return link[0]
        name = path.relative_to(Path(app.srcdir).parent).as_posix()
        return f"]({repository}/{'tree' if path.is_dir() else 'blob'}/main/{name}"

    source[0] = re.sub(r"\]\((\.\./[^)#]+)", absolute, source[0])


def setup(app: Sphinx) -> None:
    app.connect("source-read", link_to_the_repository)
    app.connect("missing-reference", find_by_another_name)
