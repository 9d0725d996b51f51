"""The senses, one file each: they read channels and write channels."""
