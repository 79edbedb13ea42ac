"""看板: the branch in figures, read from the snapshots that the close of day leaves, each followed to its rows."""
