"""The book entered by hand: one screen over the kinds of the extracts, and the import behind it."""
