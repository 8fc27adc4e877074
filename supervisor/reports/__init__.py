"""What a mayor reads and an accountant keeps: the report of a collectivité over a period, as page, PDF, table, data."""
