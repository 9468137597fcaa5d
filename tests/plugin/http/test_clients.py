"""Clients of HTTP services, some for each event loop."""

import asyncio

from izcore.plugin import LoopClients


class CountedClient:
    """A client that counts its closings."""

    closed = 0

    async def close(self) -> None:
        self.closed += 1


def test_every_loop_has_a_client_of_its_own() -> None:
    clients: LoopClients[CountedClient] = LoopClients(CountedClient, concurrency=3)

    async def use() -> CountedClient:
        assert clients.current() is clients.current()
        return clients.current()

    async def use_and_close() -> CountedClient:
        client = clients.current()
        await clients.aclose()
        assert clients.current() is not client
        return client

    assert asyncio.run(use()) is not asyncio.run(use())
    assert asyncio.run(use_and_close()).closed == 1


def test_many_calls_are_spread_over_clients() -> None:
    made: list[CountedClient] = []

    def make() -> CountedClient:
        made.append(CountedClient())
        return made[-1]

    async def use() -> None:
        clients = LoopClients(make, concurrency=20)
        used = [clients.current() for _ in range(6)]
        assert set(map(id, used)) == set(map(id, made))
        assert used[:3] == used[3:]
        await clients.aclose()

    asyncio.run(use())
    assert [client.closed for client in made] == [1, 1, 1]
