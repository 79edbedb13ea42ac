"""Who reviews payments up to how much, and what counts together."""
