"""Where submissions go: reading policies, compiling rules, deciding."""
