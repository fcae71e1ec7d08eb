"""The same conversation by other means: what one gets who follows the docs of two libraries."""
