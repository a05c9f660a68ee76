"""What was found: draws relabelled, one labelled tree in ArviZ's schema, and every number that is read off it."""
