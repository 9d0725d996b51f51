"""`sensorium-engines try`: an input through a built engine, as the local API does it, and shown."""
