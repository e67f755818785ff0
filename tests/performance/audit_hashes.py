"""How long 100,000 perceptual hashes take to compare with each other, against imagehash's own difference in a loop.

Run: python tests/performance/audit_hashes.py [COUNT]
"""

import sys
import time

import imagehash
import numpy as np

from artbench.audit.near_duplicates import HASH_BITS
from artbench.audit.similarity_search import near_hashes
from artbench.runtime.threads import usable_cores

_LOOPED = 400


def peer(hashes: "np.ndarray[tuple[int], np.dtype[np.uint64]]") -> float:
    """Seconds a pair of `hash - other`, on some of the hashes."""
    bits = np.unpackbits(hashes[:_LOOPED].astype(">u8").view(np.uint8).reshape(-1, 8), axis=1).astype(bool)
    objects = [imagehash.ImageHash(row.reshape(8, 8)) for row in bits]
    begun = time.perf_counter()
    sum(one - other <= HASH_BITS for place, one in enumerate(objects) for other in objects[place + 1 :])
    return (time.perf_counter() - begun) / (_LOOPED * (_LOOPED - 1) / 2)


def main(count: str = "100000") -> None:
    """Hashes by chance, a hundredth of them twins of others."""
    n = int(count)
    random = np.random.default_rng(0)
    hashes = random.integers(0, 2**64, n, np.uint64)
    twins = random.choice(n, n // 50, replace=False).reshape(2, -1)
    hashes[twins[0]] = hashes[twins[1]] ^ (np.uint64(1) << random.integers(0, 64, n // 100).astype(np.uint64))
    begun = time.perf_counter()
    pairs, _ = near_hashes(hashes, within=HASH_BITS)
    ours = time.perf_counter() - begun
    all_pairs = n * (n - 1) / 2
    theirs = peer(hashes) * all_pairs
    sys.stdout.write(f"{n:,} hashes, {all_pairs / 1e9:.1f} billion pairs, {usable_cores()} cores: {ours:.1f} s\n")
    sys.stdout.write(f"{len(pairs):,} within {HASH_BITS} bits ({n // 100:,} planted)\n")
    sys.stdout.write(
        f"imagehash in a loop {theirs / 3600:.1f} h (from {_LOOPED} hashes): {theirs / ours:,.0f} times as long\n"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
