"""制度对照: every article, clause by clause, with what keeps it."""
