"""Trains text classifiers: rows of a CSV file to an engine that the local API serves."""
