"""One config, many runs: which they are, where each stands, the workers that make them, the index of what came out."""
