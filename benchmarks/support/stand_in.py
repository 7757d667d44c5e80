"""The tests' stand-in for Firestore in a process of its own: prints HOST:PORT, serves until
standard input ends.
"""

import sys

from tests.support.firestore_stand_in import StandIn

if __name__ == "__main__":
    print(StandIn().host, flush=True)
    sys.stdin.read()
