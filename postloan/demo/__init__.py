"""The demonstration branch: forty-two invented borrowers, written and loaded like a bank's own."""
