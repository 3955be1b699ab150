"""What can go wrong with one job of the queue: rules Q1 to Q8 and Q12."""
