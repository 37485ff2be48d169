"""Metrics, health and the live terminal view."""
