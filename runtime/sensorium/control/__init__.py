"""The small control socket: hello, open a region, grant, mute, status; and who may have what."""
