"""The doors, spoken to as programs and browsers do."""
