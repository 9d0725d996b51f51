"""The local API: HTTP and WebSocket for programs of this PC."""
