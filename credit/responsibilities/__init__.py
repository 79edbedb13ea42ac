"""Who answers for a customer, who writes and who signs a paper about it."""
