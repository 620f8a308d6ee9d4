"""The heart: asking a person to log in, the end of the login, refreshes. Written once, for every store."""
