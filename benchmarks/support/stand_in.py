"""Runs the tests' Firestore fake as a separate process: it prints HOST:PORT and serves until stdin
closes.
"""

import sys

from tests.support.firestore_stand_in import StandIn

if __name__ == "__main__":
    print(StandIn().host, flush=True)
    sys.stdin.read()
