"""What contracts agree and approvals demand: register, papers, what was met."""
