"""Formats of a rendered run, one file each."""
