"""Webex's endpoints: tokens, logins, the REST API. Nothing here knows of stores, chat or bots."""
