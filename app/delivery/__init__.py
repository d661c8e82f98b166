"""The way back to the programs: endpoints, and an outbox of decisions to be handed to them at least once."""
