"""What can be proved: figures, incidents and their clocks, read from the tables; closed months; the acts of people."""
