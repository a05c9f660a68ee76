"""Expectation–maximisation: the loop, its step, faster steps, starts to their ends, and the fits that come of them."""
