"""Errors of the EM point itself: observed information, sandwich, bootstrap."""
