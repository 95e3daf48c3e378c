"""Lambda functions, one package each. A package is bundled with `wires` and its libraries."""
