"""What we read elsewhere: models (Source, Item), checking, rules."""
