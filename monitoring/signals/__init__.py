"""What the movements on accounts show: detecting it, raising it once, deciding it (第二十二条)."""
