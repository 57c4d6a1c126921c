"""Places where traces lie, one file each."""
