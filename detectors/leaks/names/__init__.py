"""Names asked for and names given away."""
