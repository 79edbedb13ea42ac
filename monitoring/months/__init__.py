"""A borrower's months as they were reckoned, and what is unusual in them."""
