"""Loans: the list, the page, how both are cut."""
