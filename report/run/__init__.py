"""`quadnet report`: a run, its report and its record."""
