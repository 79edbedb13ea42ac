"""Lists that are declared (mechanism 8): rows, filters, columns; paging, totals, choices, workbook come along."""
