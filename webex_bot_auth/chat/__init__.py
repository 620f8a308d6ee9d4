"""What the bot says: the words, the cards, and the voice that says them."""
