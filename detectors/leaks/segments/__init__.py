"""What a segment shows: who stands on it, who routes for it, which addresses are shared."""
