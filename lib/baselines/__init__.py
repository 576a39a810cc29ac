"""Networks and plans that nobody trained: `nulls`, `plans`, `handmade`."""
