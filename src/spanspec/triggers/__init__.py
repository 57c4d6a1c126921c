"""Ways to start a transaction, one file each."""
