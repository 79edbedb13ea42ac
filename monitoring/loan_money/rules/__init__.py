"""How loan money is to be paid out, and what took of it unreviewed."""
