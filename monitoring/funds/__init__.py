"""Whether the money for what falls due soon is there (到期资金)."""
