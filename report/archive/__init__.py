"""What is done with records that are there: verified, rebuilt, compared, packed, listed."""
