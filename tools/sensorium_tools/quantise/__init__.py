"""From an fp32 graph to INT8: ranges, Q/DQ for each target, the linter, layers that must stay."""
