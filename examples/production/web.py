"""The web app that ends logins: ``/redirect``, and ``/health`` for monitoring."""

from __future__ import annotations

import logging

from flask import Flask
from tokens import token_manager

from webex_bot_auth.errors import StoreError

FORMAT = "%(asctime)s [%(process)d] %(levelname)s %(name)s: %(message)s"
log = logging.getLogger(__name__)


def create_app() -> Flask:
    """gunicorn calls this once in each worker."""
    logging.basicConfig(level=logging.INFO, format=FORMAT)
    manager, app = token_manager(), Flask(__name__)
    manager.register_redirect(flask=app)  # GET /redirect

    @app.get("/health")
    def health() -> tuple[dict[str, str], int]:
        try:
            manager.get_user_context(user_id="health")  # there is no such user; one round trip
        except StoreError as error:
            log.warning("not healthy: %s", error)  # the reason is for the log alone
            return {"redis": "does not answer"}, 503
        return {"redis": "answers"}, 200

    return app
