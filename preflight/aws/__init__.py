"""What AWS's configuration says about the way out: facts as they were read, and what follows from them. Nothing here asks anybody."""
