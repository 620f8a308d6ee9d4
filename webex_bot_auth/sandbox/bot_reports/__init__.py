"""What bots are doing with messages, and their errors: reported by them, shown on the chat page."""
