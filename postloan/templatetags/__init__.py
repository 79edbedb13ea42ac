"""Words and colours of the pages."""
