"""Statements: what each kind is worth on what has arrived, and the evidence."""
