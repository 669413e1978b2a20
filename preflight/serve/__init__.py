"""The same plan, again and again: a probe that remembers, tells on change, and shows what it knows."""
