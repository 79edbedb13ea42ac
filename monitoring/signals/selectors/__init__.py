"""What the detectors are given to look at."""
