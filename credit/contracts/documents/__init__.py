"""The papers about what contracts agree."""
