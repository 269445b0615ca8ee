from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from tonnbook.models.vocabulary import CREDITS
from tonnbook.studio.runtime.ledger import Ledger


def test_the_credits_of_a_run() -> None:
    ledger = Ledger(lambda: 12.0)
    assert ledger.charge("mix_preview", "t1") == 0
    assert ledger.charge_once("fx_settings", "t1") == 0
    assert ledger.charge("final_mix", "t1") == CREDITS["final_mix"]
    assert ledger.charge("final_mix", "t2") == CREDITS["final_mix"]
    assert ledger.credits == 2 * CREDITS["final_mix"]
    assert [(entry.call, entry.task_id, entry.at) for entry in ledger.entries][-1] == ("final_mix", "t2", 12.0)


def test_fx_settings_are_entered_once_per_task_with_a_remark() -> None:
    ledger = Ledger(lambda: 0.0)
    for task_id in ("t1", "t1", "t2"):
        ledger.charge_once("fx_settings", task_id)
    assert [entry.task_id for entry in ledger.entries] == ["t1", "t2"]
    assert "not published" in ledger.entries[0].remark


def test_its_repr_is_a_list_with_a_total() -> None:
    ledger = Ledger(lambda: 0.0)
    ledger.charge("final_mix", "t1")
    assert repr(ledger).splitlines() == ["credits on the live service:", "  250  final_mix", "  250  in all"]


def test_the_answer_holds_every_entry() -> None:
    ledger = Ledger(lambda: 0.0)
    ledger.charge("final_mix", "t1")
    wire = ledger.answer().to_wire()
    assert wire["credits"] == 250
    assert wire["entries"][0]["task_id"] == "t1"


def test_no_entry_is_lost_when_many_threads_charge() -> None:
    ledger = Ledger(lambda: 0.0)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: ledger.charge("final_mix", str(n)), range(200)))
    assert ledger.credits == 200 * 250


def test_two_threads_that_charge_once_enter_one_call() -> None:
    both = threading.Barrier(2)

    def clock() -> (
        float
    ):  # called while an entry is made: here a thread waits until the other one comes as far, if it can
        with suppress(threading.BrokenBarrierError):
            both.wait(0.3)
        return 0.0

    ledger = Ledger(clock)
    with ThreadPoolExecutor(2) as pool:
        prices = list(pool.map(lambda _: ledger.charge_once("final_master", "t1"), range(2)))
    assert sorted(prices) == [0, CREDITS["final_master"]]
    assert len(ledger.entries) == 1
