"""The numbers of docs/performance.md: ratios to the programs that a user would run instead, measured in one go on one loopback lab.

`python -m benchmarks` prints one table and asserts nothing. It needs root, since it works in a network namespace of its own, and Debian's squid-openssl,
nginx-light, curl, openssl and iproute2; rows whose peer is not installed (prometheus-blackbox-exporter, a C compiler) say so.
"""
