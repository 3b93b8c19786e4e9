"""From what a page says to HTML and PDF."""
