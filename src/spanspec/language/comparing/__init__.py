"""Values: their forms, comparing and reckoning with them."""
