"""What the checker looks at."""
