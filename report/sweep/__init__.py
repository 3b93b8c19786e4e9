"""`quadnet sweep`: many runs, their table and their report."""
