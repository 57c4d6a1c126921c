"""What a test file says, and what it means."""
