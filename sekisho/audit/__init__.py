"""The audit pack: what the store holds of a period, in fifteen sections, the same bytes from the same store."""
