"""The HTTP server, the record of calls, and the faults that can be switched on."""
