"""What can be said without training: `bounds`, `chance`, `mean_field`, and `rare_limit` (one feature on at a time)."""
