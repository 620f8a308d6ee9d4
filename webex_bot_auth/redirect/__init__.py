"""What the user sees in the browser at the end of a login."""
