"""Statements that hold on all traces given, found and tried. Values in, values out."""
