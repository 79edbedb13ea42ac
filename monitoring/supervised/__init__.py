"""Supervised accounts (受控账户): marked and ended."""
