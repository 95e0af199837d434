"""Makes what lies in `digest/trained/` again, from labelled sets: `python -m digest.training PART --data FOLDER`.

Each part has a module here with `train(data) -> bytes`. Trained twice from the same sets, the bytes are the same.
"""
