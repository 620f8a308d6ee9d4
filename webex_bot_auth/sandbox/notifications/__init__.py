"""How others hear of what happens, besides the websocket: webhooks, and the list of events."""
