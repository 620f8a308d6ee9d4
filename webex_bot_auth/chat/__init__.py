"""What people read in Webex: the texts, the cards, and the messages that carry them."""
