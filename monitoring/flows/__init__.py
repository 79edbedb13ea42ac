"""What movements on accounts are, and who is related to whom."""
