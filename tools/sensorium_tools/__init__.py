"""All that runs offline: fetch, convert and build engines; generate clients, hands and sound."""
