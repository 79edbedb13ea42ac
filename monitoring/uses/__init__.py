"""附件1: where the money of a loan went, use by use."""
