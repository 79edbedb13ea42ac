"""What left without review, found each evening (未经审核的划转)."""
