"""Files, flags and the environment become `Declared` and a `Plan`, or an `InputError` that names every place that has to change.

Nothing here sends a packet, and no message here repeats a value that may be a secret.
"""
