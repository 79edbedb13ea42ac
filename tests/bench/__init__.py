"""Benchmarks: what they build and what they compare with."""
