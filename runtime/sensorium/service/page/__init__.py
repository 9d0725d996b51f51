"""The page: what the daemon sees, hears and does, in a browser of this PC."""
