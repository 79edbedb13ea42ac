"""The duties that the book itself raises, and what every rule about it starts from."""
