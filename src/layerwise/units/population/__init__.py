"""What a layer does over a population that goes by once, in memory that does not grow."""
