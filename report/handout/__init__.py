"""`quadnet handout`: sheets for students with exercises from a run, for all or for each of a class."""
