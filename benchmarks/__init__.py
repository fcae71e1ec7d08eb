"""Speed and safety of the product and its peers, measured on real processes."""
