"""The verbs of duties, documents and signatures; one module per noun."""
