"""Channels as a stream of events, over Server-Sent Events and WebSocket."""
