"""What messages consist of: mentions, Markdown and HTML, cards."""
