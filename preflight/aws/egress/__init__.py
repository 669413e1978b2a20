"""Do security groups let the nodes out to the proxy (`out`), and does the proxy's own group let them in (`ingress`)?"""
