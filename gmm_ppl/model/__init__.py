"""The mixture in NumPyro: the specification, the program, the distribution, and assignments recovered from draws."""
