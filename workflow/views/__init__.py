"""The pages of documents: filling in, reading, signing, files."""
