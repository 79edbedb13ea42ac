"""Payments of loan money: what must be reviewed, by whom, released by whom, and what left without it."""
