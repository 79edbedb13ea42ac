"""What the next 30 and 90 days will ask of a borrower (未来资金)."""
