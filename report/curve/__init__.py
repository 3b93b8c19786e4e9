"""`quadnet phases`: a curve from a file, its phases and their drawing."""
