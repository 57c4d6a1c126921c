"""A small shop of six instrumented services, to be tested by its traces.

It stands for any system under test and knows nothing of spanspec.
"""
