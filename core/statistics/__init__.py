"""Statistics of labelling: agreement, intervals, simulated ratings and comparisons."""
