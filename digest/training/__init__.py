"""Train the files in `digest/trained/` from labelled sets: `python -m digest.training PART --data FOLDER`.

Each part has a module here with `train(data) -> bytes`. The same sets give the same bytes.
"""
