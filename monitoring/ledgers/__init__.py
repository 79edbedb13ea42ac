"""What the accounts of borrowers moved month by month, and what is unusual in it (附件2)."""
