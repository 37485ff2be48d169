"""Choosing parameters by past blocks, and how far that choice may be believed."""
