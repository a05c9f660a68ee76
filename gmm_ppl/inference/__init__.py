"""How parameters are found: EM and NUTS, and what every engine answers with."""
