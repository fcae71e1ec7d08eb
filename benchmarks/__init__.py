"""How fast the product is, and how safe, beside its peers: measured on real processes."""
