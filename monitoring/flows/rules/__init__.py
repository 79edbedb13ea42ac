"""What a movement is, and what a month of them comes to."""
