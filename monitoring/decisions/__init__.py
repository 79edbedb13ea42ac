"""Signals decided: the sheet, the list, whose word it is."""
