"""Numbers as pixels, which of many are shown, and the channels of one observation."""
