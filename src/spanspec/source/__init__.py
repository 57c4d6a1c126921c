"""Text that the user wrote, and what is wrong with it. Imports nothing of ours."""
