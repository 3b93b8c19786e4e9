"""The pages of the four-quadrant experiment: figures, document, HTML, PDF, record and command line."""
