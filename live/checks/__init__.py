"""The checks, by topic: each is a function whose docstring is the claim."""

import inspect

from . import authorization, cards, devices, events, general, mentions, messages, tokens, webhooks

TOPICS = {
    "authorization": authorization,
    "device login": devices,
    "messages": messages,
    "mentions and HTML": mentions,
    "cards": cards,
    "websocket": events,
    "webhooks": webhooks,
    "people, spaces, lists": general,
    "tokens": tokens,
}
#: topic and check; tokens come last, as one of them may end the login
CHECKS = [
    (topic, check)
    for topic, module in TOPICS.items()
    for name, check in vars(module).items()
    if inspect.isfunction(check) and check.__module__ == module.__name__ and not name.startswith("_")
]
