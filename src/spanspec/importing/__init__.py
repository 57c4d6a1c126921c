"""What others wrote (a curl command, a collection, a specification, a recording), as definitions. Values in, values out."""
