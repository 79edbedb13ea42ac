"""The forms of this app, and what a printout says."""
