"""The only place that touches anything: sockets, TLS, the resolver, the clock."""
