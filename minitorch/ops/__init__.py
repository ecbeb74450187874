"""The operations: forward and vjp by family, on arrays. Importing this package registers all of them."""
