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
# no more than can be answered: what is beyond that goes to another worker, and waits for none that is busy
worker_connections = threads
keepalive = 0  # a browser comes once; connections that are kept would count as busy
# each worker makes its own connections to Redis, and a reload (SIGHUP) brings new code
preload_app = False

# One login may ask the token endpoint (15 s), people/me and the chat (15 s each) and Redis: a worker that is
# told to stop lets it end. `timeout` is for a worker that hangs as a whole.
graceful_timeout = 60
timeout = 60

# Nothing here depends on who asks or how (the redirect address is a setting): only a proxy on this machine is
# believed.
forwarded_allow_ips = "127.0.0.1"

control_socket_disable = True  # signals are enough, and a hardened service has no home to put it into

accesslog = "-"
# The path, without what follows it: gunicorn's own format (%(r)s) prints `/redirect?code=...&state=...`. Nor
# the referrer, which may be such an address as well.
access_log_format = "[%(p)s] %(m)s %(U)s %(s)s %(L)ss"


def on_starting(server: Any) -> None:
    """In the master, once: a worker that ends for want of a setting would be started again for ever."""
    runpy.run_path("settings.py")["check"]()
