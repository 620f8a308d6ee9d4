"""Bot and redirect in one process, with the logins in a file: for one machine."""

from __future__ import annotations

import threading

import settings
import waitress
from bot import make_bot
from tokens import token_manager
from web import make_app

if __name__ == "__main__":
    settings.check(settings.FILE)
    with token_manager() as tokens:
        address = f"{settings.get('BIND_HOST', '127.0.0.1')}:{settings.get('PORT', '8000')}"
        served = {"listen": address, "threads": 8}
        threading.Thread(target=waitress.serve, args=(make_app(tokens),), kwargs=served, daemon=True).start()
        tokens.run_bot(bot=make_bot(tokens))
