"""Inputs made for a network: those a unit prefers, and those that deceive it."""

__all__: list[str] = []
