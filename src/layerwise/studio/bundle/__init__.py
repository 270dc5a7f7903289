"""The page that carries itself: an excerpt of the data, and all scripts as one text."""
