"""Results → matplotlib figures; none of these functions touches the disk or a global state."""
