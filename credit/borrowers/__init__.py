"""Borrowers and groups: their pages, how they are reached."""
