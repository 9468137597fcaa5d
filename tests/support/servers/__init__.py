"""Servers on loopback that speak the protocols of model APIs."""
