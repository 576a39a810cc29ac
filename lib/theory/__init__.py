"""What can be said without training: `bounds`, `chance`, `mean_field`, `set_code`, `rare_limit` (one feature on),
`limits` (floors)."""
