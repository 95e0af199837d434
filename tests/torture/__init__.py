"""The program against a server that misbehaves, with the server's journal as the judge: `python -m tests.torture`.

    months     thirty days of lists whose works are known, so that repeated and lost papers can be counted
    desks      a config.toml whose sources are addresses of the server, and runs of it on simulated days
    works      papers for a model, each about something else
    trials     the acceptance tests of fetching, each a function from its sizes to what came of it
    asking     the same for requests to a model
    runs       the same for whole runs with a model

Short versions of all trials run in the normal suite (`tests/end_to_end/test_torture_short.py`);
the long ones wait for real.
"""
