"""What the sandbox knows: people, spaces, messages, and what happens to them. No HTTP here."""
