"""Will the nodes reach an AWS service by an endpoint of their VPC? Which endpoint counts (`best`), and whether the nodes get as far as it (`reach`)."""
