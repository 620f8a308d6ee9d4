"""gunicorn's settings; each is explained at https://docs.gunicorn.org/en/stable/settings.html."""

import os
import runpy
from typing import Any

wsgi_app = "web:create_app()"
bind = f"{os.environ.get('BIND_HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"

workers = 4
worker_class = "gthread"
# a login spends most of its time waiting for Webex, so a worker can have many threads
threads = 8
# a worker accepts no more connections than it has threads; another worker takes the others
worker_connections = threads
keepalive = 0  # each browser sends one request; connections kept alive would block threads
# each worker makes its own connections to Redis, and a reload (SIGHUP) loads new code
preload_app = False

# A login may wait for the token endpoint (15 s), people/me and the chat (15 s each) and Redis. A worker that
# has to stop lets running logins finish. `timeout` is for a worker that hangs as a whole.
graceful_timeout = 60
timeout = 60

# X-Forwarded-... headers are not needed, as the redirect URL is a setting: trust only a local proxy.
forwarded_allow_ips = "127.0.0.1"

control_socket_disable = (
    True  # signals are enough, and the systemd service has no home directory for the socket
)

accesslog = "-"
# The path without the query: gunicorn's default format (%(r)s) prints `/redirect?code=...&state=...`. The
# referrer is left out too, as it may be such an address.
access_log_format = "[%(p)s] %(m)s %(U)s %(s)s %(L)ss"


def on_starting(server: Any) -> None:
    """Check the settings once, in the master; workers that exit would be started again for ever."""
    runpy.run_path("settings.py")["check"]()
