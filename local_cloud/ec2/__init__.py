"""Networks of a laptop, of which moto plays the rest."""
