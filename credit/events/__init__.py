"""Risk events and classes, as people record them."""
