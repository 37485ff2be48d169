"""Recorded answers of real contracts, asked again of the project's own models."""
