"""A trigger and a store in a package of their own. It imports nothing of spanspec but `spanspec.ext`."""
