"""What every domain stands on and what knows no product word: clock, ids, money, database, jobs, errors."""
