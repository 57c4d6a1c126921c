"""What outlives a run: `.spanspec/`, which anyone may delete, damage or share at any time without harm."""
