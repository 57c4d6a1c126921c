"""Fires, collects, settles, evaluates. Async and small."""
