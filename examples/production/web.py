"""The web app that ends logins: ``/redirect``, and three addresses for monitoring."""

from __future__ import annotations

import logging

from flask import Flask
from tokens import token_manager

from webex_bot_auth import TokenManager
from webex_bot_auth.errors import StoreError

FORMAT = "%(asctime)s [%(process)d] %(levelname)s %(name)s: %(message)s"
log = logging.getLogger(__name__)


def create_app() -> Flask:
    """gunicorn calls this once in each worker."""
    logging.basicConfig(level=logging.INFO, format=FORMAT)
    return make_app(token_manager())


def make_app(manager: TokenManager) -> Flask:
    """Make the app over a token manager."""
    app = Flask(__name__)
    manager.register_redirect(flask=app)  # GET /redirect

    @app.get("/live")
    def live() -> dict[str, str]:
        """Restart this process where it does not answer: a liveness probe."""
        return {"process": "answers"}

    @app.get("/ready")
    def ready() -> tuple[dict[str, str], int]:
        """Send nobody here while the store is gone: a readiness probe."""
        state = look()
        return state, 200 if state["store"] == "answers" else 503

    @app.get("/health")
    def health() -> tuple[dict[str, str], int]:
        """Tell somebody: for monitoring. It is no probe, as the web app works without a bot."""
        state = look()
        return state, 200 if state["bot"] == "runs" else 503

    def look() -> dict[str, str]:
        try:
            manager.get_user_context(user_id="health")  # there is no such user; one round trip
            bot = "runs" if manager.is_bot_running() else "does not run"
        except StoreError as error:
            log.warning("not healthy: %s", error)  # the reason is for the log alone
            return {"store": "does not answer", "bot": "not known"}
        return {"store": "answers", "bot": bot}

    return app
