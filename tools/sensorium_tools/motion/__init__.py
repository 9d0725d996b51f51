"""Made motion of a wearer's hand and head: what movements are learned from and judged by."""
