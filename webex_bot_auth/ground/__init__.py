"""What everything else stands on: clock, queues, redaction, closing, and what a fork must not inherit."""
