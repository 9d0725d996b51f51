"""Commands: vocabularies of apps, and what of them was said."""
