"""Accounts: balances held against movements."""
