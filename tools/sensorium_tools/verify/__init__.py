"""Whether a smaller precision is as good as fp32, and faster: outcomes, gates, figures, report."""
