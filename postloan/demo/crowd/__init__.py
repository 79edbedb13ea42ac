"""The many borrowers beside the hand-written ones: generated, plausible to a banker, the same for the same seed."""
