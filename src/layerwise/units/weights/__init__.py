"""What the learned weights say on their own: filters, and hidden units as lines in the plane."""
