"""Starting with the PC: what the system is told, and how it is asked."""
