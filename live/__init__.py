"""Checks, against Webex itself, of what its documentation leaves open: ``make live``."""
