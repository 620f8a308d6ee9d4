"""Acts for people outside of commands: in a webhook, and in a job that runs at night.

python examples/watch_bot.py --sandbox      a Webex cloud on this machine; no account needed
python examples/watch_bot.py                the real one, with the settings of docs/start/webex-account.md
                                            and WEBEX_WEBHOOK_SECRET: openssl rand -hex 32
python examples/watch_bot.py --nightly      the job, once: for cron, with the bot's settings

The bot is not in people's spaces. What it says about them, it asks Webex with their own tokens.
"""

from __future__ import annotations

import hmac
import logging
import os
import secrets
import sys
import threading
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import urljoin

from flask import Flask, Response, abort, request
from webex_bot.models.command import Command
from webex_bot.webex_bot import WebexBot
from werkzeug.serving import make_server
from wxc_sdk.integration import Integration
from wxc_sdk.webhook import WebhookEventType, WebhookResource

from webex_bot_auth import LoginRequired, TokenManager, UserTokenMixin, YAMLTokenManager, requires_user_token
from webex_bot_auth.errors import WebexBotAuthError
from webex_bot_auth.testing import trial

SCOPES = "spark:people_read spark:rooms_read spark:memberships_read"
STEPS = (
    "Type   watch, and log in with the card that you get",
    "Make   a space with New space, as Bob, and add Alice: she hears about it",
    "Press  Enter here, and the nightly job runs",
)


class Watch(UserTokenMixin, Command):  # type: ignore[misc]  # webex_bot has no types
    """Registers the webhook, which belongs to the person."""

    def __init__(self, address: str, secret: str, **kwargs: Any) -> None:
        super().__init__(command_keyword="watch", help_message="Tell me who adds me to spaces", **kwargs)
        self._address, self._secret = address, secret

    @requires_user_token
    def execute(self, message: str, attachment_actions: Any, activity: Any) -> str:
        webhooks = self.user_api.webhook
        if all(webhook.target_url != self._address for webhook in webhooks.list()):
            what = WebhookResource("memberships"), WebhookEventType("created")
            mine = f"personId={self.user_context.user_id}"
            webhooks.create("Watch Bot", self._address, *what, filter=mine, secret=self._secret)
        return "You hear from me when you are added to a space, and every morning."


def serve_webhook(app: Flask, tokens: TokenManager, secret: str) -> None:
    """Serve the address that Webex calls when a person has been added to a space."""

    @app.post("/webhook")
    def webhook() -> Response:
        signature = hmac.new(secret.encode(), request.data, "sha1").hexdigest()
        if not hmac.compare_digest(signature.encode(), request.headers.get("X-Spark-Signature", "").encode()):
            abort(403)  # this is not Webex
        event = request.get_json()
        user_id = event["createdBy"]  # whose webhook it is; actorId: who has added the person
        try:
            with tokens.api(user_id=user_id, scopes=["spark:rooms_read"]) as api:
                title = api.rooms.details(event["data"]["roomId"]).title
                tokens.chat.tell(user_id, f"You are in a new space: “{title}”.")
        except LoginRequired as needed:
            tokens.request_login(user_id=user_id, scopes=needed.scopes, reason="to watch your spaces")
        return Response(status=204)


def nightly(tokens: YAMLTokenManager) -> None:
    """Tell all people who are logged in how many of their spaces the last day was about."""
    for user_id in list(tokens.contexts.users()):
        try:
            report(tokens, user_id)
        except (WebexBotAuthError, OSError):  # Webex or the store fails: the others are served all the same
            logging.exception("nothing was told to %s", user_id)


def report(tokens: YAMLTokenManager, user_id: str) -> None:
    yesterday = datetime.now(timezone.utc) - timedelta(days=1)
    try:
        with tokens.api(user_id=user_id, scopes=["spark:rooms_read"]) as api:
            active = [room for room in api.rooms.list() if (room.last_activity or yesterday) > yesterday]
        tokens.chat.tell(user_id, f"Good morning! Spaces with something new: {len(active)}.")
    except LoginRequired as needed:
        tokens.request_login(user_id=user_id, scopes=needed.scopes, reason="to watch your spaces")


def setting(name: str) -> str:
    return os.environ.get(name) or sys.exit(f"{name} is not set. Without an account: --sandbox")


def make_manager() -> YAMLTokenManager:
    """The token manager: the same for the bot and for the job."""
    bot_token = setting("WEBEX_BOT_TOKEN")
    integration = Integration(
        client_id=setting("WEBEX_CLIENT_ID"),
        client_secret=setting("WEBEX_CLIENT_SECRET"),
        scopes=SCOPES,
        redirect_url=setting("WEBEX_REDIRECT_URL"),
    )
    return YAMLTokenManager(bot_token, integration, yml_base="watch_bot")


def main() -> None:
    with make_manager() as tokens:
        app, secret = Flask(__name__), setting("WEBEX_WEBHOOK_SECRET")
        tokens.register_redirect(flask=app)  # GET /redirect, where logins come back to
        serve_webhook(app, tokens, secret)
        # a web server for trials; production/web.py is for others
        server = make_server("127.0.0.1", int(os.environ.get("PORT", "8911")), app, threaded=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        bot = WebexBot(teams_bot_token=setting("WEBEX_BOT_TOKEN"), bot_name="Watch Bot")
        address = urljoin(tokens.integration.redirect_url, "/webhook")
        bot.add_command(Watch(address, secret, token_manager=tokens))
        tokens.register_bot(bot=bot)  # login, logout, and resuming commands after a login
        if "--sandbox" in sys.argv:
            threading.Thread(target=wait_for_enter, args=(tokens,), daemon=True).start()
        tokens.run_bot(bot=bot)  # until Ctrl+C


def wait_for_enter(tokens: YAMLTokenManager) -> None:
    """Run the job whenever Enter is pressed."""
    for _ in sys.stdin:
        nightly(tokens)


if __name__ == "__main__":
    if "--nightly" in sys.argv:
        with make_manager() as manager:
            nightly(manager)
    elif "--sandbox" in sys.argv:
        with trial("Watch Bot", SCOPES, STEPS, sys.argv):
            os.environ["WEBEX_WEBHOOK_SECRET"] = secrets.token_hex(32)
            main()
    else:
        main()
