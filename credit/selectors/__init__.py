"""The vocabulary of questions about the book that every app above asks."""
