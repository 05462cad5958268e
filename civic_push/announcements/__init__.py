"""What the town says: models, publishing."""
