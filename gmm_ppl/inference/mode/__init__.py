"""The posterior's mode: Newton's steps, the curvature there, and the normal law about it."""
