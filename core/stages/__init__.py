"""The relay: each stage is a generator of typed step records that can be stopped and is seeded."""
