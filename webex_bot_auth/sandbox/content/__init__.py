"""What messages consist of: mentions, Markdown and HTML, cards; and masking secrets in them."""
