"""The counter: what accounting releases and refuses (放行、拒办)."""
