"""What the pages of a document show, computed once per request."""
