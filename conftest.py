"""How all property tests run: a busy machine makes them slow, which is no fault of the code."""

from hypothesis import HealthCheck, settings

settings.register_profile("izcore", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("izcore")
