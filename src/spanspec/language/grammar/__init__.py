"""The grammar: the rules of the parser, a module for each kind of text."""
