"""Selection: the trace as numbered nodes, and which of them a selector picks, now and for good."""
