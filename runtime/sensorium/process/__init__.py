"""The supervisor's children: capture, inference and the stepped replay, each a process."""
