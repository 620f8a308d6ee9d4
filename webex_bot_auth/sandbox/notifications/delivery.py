"""Delivers webhooks: with a time limit, again after a failure, and no longer after too many failures."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

import requests

from ..http.origins import LOOPBACK
from ..model import ids
from ..model.activities import Activity
from ..model.clock import Clock, iso
from ..rest.response_json import Json
from .event_json import webhook_data
from .webhooks import Webhook, Webhooks

logger = logging.getLogger("webex_bot_auth.sandbox")
Headers = dict[str, str]
WITHOUT_TLS = 400  # what servers answer to a request without TLS that they expect with it


@dataclass
class WebhookSettings:
    """How webhooks are delivered; may be changed while the sandbox runs.

    Attributes:
        timeout: Maximum wait for an answer, in seconds.
        retry_delays: How long to wait before each further attempt, in seconds.
        max_failures: How many failed attempts within the window disable a webhook.
        failure_window: Length of that window, in seconds.
    """

    timeout: float = 15
    retry_delays: tuple[float, ...] = (1, 4)
    max_failures: int = 100
    failure_window: float = 300


@dataclass
class Delivery:
    """An event for a webhook.

    Attributes:
        webhook: The webhook.
        body: What is posted.
        headers: With which headers.
        results: For each attempt, the HTTP status of the answer or the name of the error.
        is_delivered: True once an attempt was answered with a status of 2xx.
    """

    webhook: Webhook
    body: bytes
    headers: Headers = field(repr=False)
    results: list[int | str] = field(default_factory=list)
    is_delivered: bool = False


class Deliveries:
    """Delivers what happens to the webhooks that report it, each in a thread of its own.

    Args:
        clock: The sandbox's clock.
        webhooks: All webhooks.
        settings: How they are delivered.

    Attributes:
        base_url: The address of the sandbox, for files.
        all: All deliveries so far, oldest first.
        listeners: Called with each delivery, when it begins and after each attempt.
    """

    def __init__(self, clock: Clock, webhooks: Webhooks, settings: WebhookSettings) -> None:
        self._clock, self._webhooks, self._settings = clock, webhooks, settings
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self._waiting: dict[str, queue.Queue[Delivery | None]] = {}
        self._threads: list[threading.Thread] = []
        self.base_url = ""
        self.all: list[Delivery] = []
        self.listeners: list[Callable[[Delivery], None]] = []

    def add(self, activity: Activity) -> None:
        """Deliver what happened to the webhooks that report it."""
        if not activity.event:
            return
        data = webhook_data(activity, self.base_url)
        for webhook in self._webhooks.all():
            if webhook.reports(activity, data):
                delivery = _delivery(webhook, activity, data)
                self.all.append(delivery)
                self._tell(delivery)
                self._queue(webhook).put(delivery)

    def _queue(self, webhook: Webhook) -> queue.Queue[Delivery | None]:
        with self._lock:
            if webhook.uuid not in self._waiting:
                waiting = self._waiting[webhook.uuid] = queue.Queue()
                thread = threading.Thread(
                    target=self._deliver_all, args=(waiting,), name="sandbox-webhook", daemon=True
                )
                self._threads.append(thread)
                thread.start()
            return self._waiting[webhook.uuid]

    def close(self) -> None:
        """Stop; what has not been delivered is not."""
        self._closing.set()
        for waiting in self._waiting.values():
            waiting.put(None)
        for thread in self._threads:
            thread.join(1)  # a target that hangs may take longer; its thread ends with the process

    # -- in the thread of a webhook

    def _deliver_all(self, waiting: queue.Queue[Delivery | None]) -> None:
        with requests.Session() as session:
            session.trust_env = False
            while (delivery := waiting.get()) is not None and not self._closing.is_set():
                self._deliver(session, delivery)

    def _deliver(self, session: requests.Session, delivery: Delivery) -> None:
        for delay in (0, *self._settings.retry_delays):
            if self._closing.wait(delay) or not delivery.webhook.is_active:
                return
            result = self._attempt(session, delivery)
            delivery.is_delivered = isinstance(result, int) and 200 <= result < 300
            delivery.results.append(result)
            if not delivery.is_delivered:
                self._note_failure(delivery.webhook, result)
            self._tell(delivery)
            if delivery.is_delivered:
                return

    def _attempt(self, session: requests.Session, delivery: Delivery) -> int | str:
        url = urlsplit(delivery.webhook.target_url)
        if url.scheme == "https" and url.hostname in LOOPBACK:
            # Botkit always registers https, also for a server of this machine that has no TLS
            with suppress(requests.RequestException):
                status = self._post(session, url._replace(scheme="http"), delivery)
                if status != WITHOUT_TLS:
                    return status
        try:
            return self._post(session, url, delivery)
        except requests.RequestException as error:
            return type(error).__name__

    def _post(self, session: requests.Session, url: SplitResult, delivery: Delivery) -> int:
        answer = session.post(
            url.geturl(),
            data=delivery.body,
            headers=delivery.headers,
            timeout=self._settings.timeout,
            allow_redirects=False,
        )
        return answer.status_code

    def _note_failure(self, webhook: Webhook, result: int | str) -> None:
        logger.warning("webhook %s was not delivered to %s: %s", webhook.name, webhook.target_url, result)
        now, failures = self._clock.now(), webhook.failures
        failures.append(now)
        while failures[0] < now - self._settings.failure_window:
            failures.popleft()
        if len(failures) >= self._settings.max_failures:
            webhook.is_active = False
            logger.warning("webhook %s is inactive now, after %s failures", webhook.name, len(failures))

    def _tell(self, delivery: Delivery) -> None:
        for listener in self.listeners:
            listener(delivery)


def _delivery(webhook: Webhook, activity: Activity, data: Json) -> Delivery:
    body = json.dumps(
        {
            "id": webhook.id,
            "name": webhook.name,
            "targetUrl": webhook.target_url,
            "resource": activity.resource,
            "event": activity.event,
            **({"filter": webhook.filter} if webhook.filter else {}),
            "orgId": ids.ORGANIZATION,
            "createdBy": webhook.owner.id,
            **({"appId": webhook.app_id} if webhook.app_id else {}),
            "ownedBy": webhook.owned_by,
            "status": webhook.status,
            "created": iso(webhook.created),
            "actorId": activity.actor.id,
            "data": data,
        },
        separators=(",", ":"),  # the JavaScript frameworks check the signature over JSON.stringify(body)
        ensure_ascii=False,
    ).encode()
    headers = {"Content-Type": "application/json", "TrackingID": f"SANDBOX_{ids.new_uuid()}"}
    if webhook.secret:
        signature = hmac.new(webhook.secret.encode(), body, hashlib.sha1)
        headers["X-Spark-Signature"] = signature.hexdigest()
    return Delivery(webhook, body, headers)
