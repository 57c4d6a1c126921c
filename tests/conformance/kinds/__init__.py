"""One module for each kind of recorded file."""
