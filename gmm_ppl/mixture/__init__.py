"""What a mixture is: parameters, covariance families, the density and the pass over the data."""
