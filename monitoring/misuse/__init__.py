"""Cases of misuse (挪用): confirmed, watched while frozen, corrected."""
