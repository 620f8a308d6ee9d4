"""Where text is kept, under keys: the two protocols, and the stores that this package brings.

A store knows nothing of logins, tokens or encryption: it is given text and gives it back. To keep users'
tokens elsewhere, write one class with the four methods of :class:`UserStore`. Each method may be called by
several threads at the same time, and raises :class:`~webex_bot_auth.errors.StoreUnavailable` where the store
cannot be reached or written. ``str(store)`` names the store in errors.
"""

from .protocols import Due, FlowStore, Record, Reminder, UserStore

__all__ = ["Due", "FlowStore", "Record", "Reminder", "UserStore"]
