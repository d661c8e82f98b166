"""Money: dated rate cards, and time entries priced by them."""
