"""gunicorn's settings; each is explained at https://docs.gunicorn.org/en/stable/settings.html."""

import os
import runpy
from typing import Any

wsgi_app = "web:create_app()"
bind = f"{os.environ.get('BIND_HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"

workers = 4
worker_class = "gthread"
# a login waits for Webex most of the time: threads are cheap
threads = 8
# no more connections than threads: further ones go to another worker instead of waiting for this one
worker_connections = threads
keepalive = 0  # a browser comes once, and open connections would count as busy
# each worker makes its own connections to Redis, and a reload (SIGHUP) brings new code
preload_app = False

# One login may call the token endpoint (15 s), people/me and the chat (15 s each) and Redis: a worker that is
# told to stop finishes it first. `timeout` is for a worker that hangs as a whole.
graceful_timeout = 65
timeout = 60

# Headers of a proxy are accepted only from this machine. Nothing depends on them: the redirect address is a
# setting.
forwarded_allow_ips = "127.0.0.1"

control_socket_disable = True  # signals are enough, and a hardened service has no home directory for it

accesslog = "-"
# The path without the query: gunicorn's own format (%(r)s) prints `/redirect?code=...&state=...`. And no
# referrer, which may be such an address as well.
access_log_format = "[%(p)s] %(m)s %(U)s %(s)s %(L)ss"


def on_starting(server: Any) -> None:
    """Check the settings in the master, once: a worker without them would be restarted again and again."""
    runpy.run_path("settings.py")["check"]()
