"""Ratios against peers, both in one run: `make bench`."""
