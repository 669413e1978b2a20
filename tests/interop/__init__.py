"""Real servers on loopback, and the command run against them: squid, tinyproxy, Privoxy, nginx and Debian's docker-registry."""
