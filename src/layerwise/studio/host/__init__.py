"""The live studio: a server on this machine, who may ask it, and the work that it does."""
