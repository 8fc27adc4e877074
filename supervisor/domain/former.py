"""Lives that a removal ended, for as long as what they were may still turn out otherwise. SPEC 3, reachability.

A parent may be confirmed critical from an instant at which its child was still there, when the child is there no more:
what the child said meanwhile is unreachable all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from supervisor.domain.topology import Former, Node

# Lives are looked through once in so many seconds of results, not at each: thousands may end in one reload.
LOOK_EVERY_S = 60


class FormerLives:
    """All of them. Each is among the descendants of what it depended on, and known to the node of its sonde."""

    def __init__(self) -> None:
        self._lives: list[Former] = []
        self._look_at = 0

    def __iter__(self) -> Iterator[Former]:
        return iter(self._lives)

    def __len__(self) -> int:
        return len(self._lives)

    def homes(self) -> dict[str, Node]:
        """The nodes of their sondes, whether these are configured or not."""
        return {life.id: life.home for life in self._lives}

    def keep(self, node: Node, ended: int) -> None:
        """The life of this node ends: take over its state and its journal."""
        life = Former(node, ended)
        self._lives.append(life)
        node.former = (*node.former, life)
        node.state, node.journal = None, []
        for ancestor in life.ancestors:
            ancestor.descendants = (*ancestor.descendants, life)

    def sweep(self, latest: int, settled: Callable[[Former], int]) -> None:
        """Forget those that nothing above can overrule any more: `settled` says up to when all above them is sure.

        `latest` is the instant of the latest result of any sonde.
        """
        if latest >= self._look_at:
            self._look_at = latest + LOOK_EVERY_S
            self._drop({life for life in self._lives if life.journal[-1].at < settled(life)})

    def clear(self) -> None:
        """Forget them all: their journals are of a time that was misdated."""
        self._look_at = 0
        self._drop(set(self._lives))

    def _drop(self, over: set[Former]) -> None:
        if not over:
            return
        self._lives = [life for life in self._lives if life not in over]
        for home in {life.home for life in over}:
            home.former = tuple(life for life in home.former if life not in over)
        for ancestor in {ancestor for life in over for ancestor in life.ancestors}:
            ancestor.descendants = tuple(below for below in ancestor.descendants if below not in over)
