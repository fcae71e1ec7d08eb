"""How fast the product is: measured on real processes, told as ratios and percentiles."""
