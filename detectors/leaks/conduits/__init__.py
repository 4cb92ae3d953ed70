"""Services and volumes between zones."""
