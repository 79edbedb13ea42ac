"""The ladder of cash, and what falls due on a note."""
