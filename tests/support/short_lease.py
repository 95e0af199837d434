"""The program, but for leases of one second: `python -m tests.support.short_lease run …`.

For trials that kill a run and start the next one at once. It would wait half a minute for the dead one's lease to run
out, which is right, and no more to see than after a second.
"""

from __future__ import annotations

from datetime import timedelta

from digest.cli.main import main
from digest.store import leases

leases.LEASE = timedelta(seconds=1)  # type: ignore[misc]  # final for the program

if __name__ == "__main__":
    main()
