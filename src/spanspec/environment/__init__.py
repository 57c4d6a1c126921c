"""Starts the system under test for a run, and ends every process of it whatever happens."""
