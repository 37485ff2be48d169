"""TOML in, validated settings out."""
