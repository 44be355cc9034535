"""What pretends to be an AWS service: what each call does to the world, and what it answers."""
