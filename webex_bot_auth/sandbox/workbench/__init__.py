"""What only the workbench on the page shows: what bots are doing, and which parts of a text are secret."""
