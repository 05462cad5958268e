"""Who gets what, when, and what became of it: models (the ledger), fan_out, drain, compose, sweep."""
