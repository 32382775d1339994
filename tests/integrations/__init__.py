"""Each integration with its real library, over real databases."""
