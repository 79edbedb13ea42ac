"""What of a loan is unpaid, and which money on an account is the loan's (贷款资金)."""
