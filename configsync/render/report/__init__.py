"""What a report says, in no format yet: built from plans, drift and findings."""
