"""One table per protocol: what its transactions are made of."""
