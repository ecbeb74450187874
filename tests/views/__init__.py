"""Views, in-place operations and version counters: small programs run in torch and in minitorch, and compared."""
