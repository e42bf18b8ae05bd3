"""Work in threads: so much at a time, so much that waits, and the event loop goes on."""

import asyncio
import threading

import pytest

from emnist_lab.server.api.problem_details import Problem
from emnist_lab.server.api.workers import Pool


def test_what_is_too_much_is_refused_and_the_rest_is_done():
    pool, go = Pool("test", 2, 3, seconds=7), threading.Event()

    async def crowd() -> list:
        work = [asyncio.create_task(pool.run(lambda: go.wait(60) and 1)) for _ in range(8)]
        while sum(one.done() for one in work) < 3:  # the event loop isn't held up
            await asyncio.sleep(0.01)
        assert pool.taken == 5
        go.set()
        return await asyncio.gather(*work, return_exceptions=True)

    found = asyncio.run(crowd())
    assert found[:5] == [1] * 5
    for refused in found[5:]:
        assert isinstance(refused, Problem) and refused.status_code == 503
        assert refused.headers == {"Retry-After": "7"}
    assert pool.taken == 0


def test_work_of_a_client_that_has_gone_counts_until_it_ends():
    pool, go = Pool("test", 1, 0), threading.Event()

    async def one() -> None:
        task = asyncio.create_task(pool.run(lambda: go.wait(60)))
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert pool.taken == 1
        with pytest.raises(Problem):
            await pool.run(lambda: None)
        go.set()
        while pool.taken:
            await asyncio.sleep(0.01)
        assert await pool.run(lambda: 5) == 5

    asyncio.run(one())


def test_an_error_reaches_who_asked_and_frees_the_thread():
    pool = Pool("test", 1, 0)

    async def twice() -> None:
        for _ in range(2):
            with pytest.raises(ZeroDivisionError):
                await pool.run(lambda: 1 / 0)

    asyncio.run(twice())
    assert pool.taken == 0
