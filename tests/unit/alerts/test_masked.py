"""What a channel says holds no secret."""

from __future__ import annotations

from supervisor.alerts.masked import Masked
from supervisor.alerts.transport import Attempt, Letter, Outcome

LETTER = Letter(key="k", to="a@b.fr", subject="s", text="t", html=None, thread=None, at=0)


class Parrot:
    """A channel that repeats."""

    def __init__(self, attempt: Attempt) -> None:
        self.attempt = attempt
        self.closed = False

    async def send(self, letter: Letter) -> Attempt:
        assert letter is LETTER
        return self.attempt

    async def close(self) -> None:
        self.closed = True


async def test_secrets_are_taken_out_in_every_spelling_and_long_words_are_cut() -> None:
    attempt = Attempt(Outcome.LATER, "le relais répond mot&passe, mot%26passe " + "x" * 5000, "id\n-mot&passe\ud800")
    parrot = Parrot(attempt)
    channel = Masked(parrot, {"mot&passe"})
    said = await channel.send(LETTER)
    assert said.outcome is Outcome.LATER
    assert said.detail.startswith("le relais répond ***, *** xx")
    assert len(said.detail) == 1000
    assert said.receipt == "id·-***·"
    await channel.close()
    assert parrot.closed
