"""For all tests: properties are about values, never about how busy the machine is."""

from hypothesis import settings

settings.register_profile("tests", deadline=None)
settings.load_profile("tests")
