"""Whether what ships for running the probe is right: units, manifests, rules, the image and the page about them."""
