"""What every other room stands on: checks, seeds, array types, progress."""
