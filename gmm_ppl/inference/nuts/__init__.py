"""NUTS from the EM point: its coordinates, warm-up, chains on threads, and NumPyro's own MCMC."""
