"""The websocket that carries events to clients, and the devices that they register for it."""
