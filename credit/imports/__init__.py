"""The lender's nightly extracts: what the files hold, how they are checked and merged into the book."""
