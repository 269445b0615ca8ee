from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tonnbook.models.vocabulary import CREDITS
from tonnbook.studio.runtime.ledger import Ledger


def test_what_the_same_run_would_have_cost() -> None:
    ledger = Ledger(lambda: 12.0)
    assert ledger.charge("mix_preview", "t1") == 0
    assert ledger.charge_once("fx_settings", "t1") == 0
    assert ledger.charge("final_mix", "t1") == CREDITS["final_mix"]
    assert ledger.charge("final_mix", "t2") == CREDITS["final_mix"]
    assert ledger.credits == 2 * CREDITS["final_mix"]
    assert [(entry.call, entry.task_id, entry.at) for entry in ledger.entries][-1] == ("final_mix", "t2", 12.0)


def test_fx_settings_are_noted_once_per_task_with_what_is_not_known() -> None:
    ledger = Ledger(lambda: 0.0)
    for task_id in ("t1", "t1", "t2"):
        ledger.charge_once("fx_settings", task_id)
    assert [entry.task_id for entry in ledger.entries] == ["t1", "t2"]
    assert "not published" in ledger.entries[0].remark


def test_it_shows_itself_as_a_list_with_a_sum() -> None:
    ledger = Ledger(lambda: 0.0)
    ledger.charge("final_mix", "t1")
    assert repr(ledger).splitlines() == ["credits on the live service:", "  250  final_mix", "  250  in all"]


def test_the_answer_holds_every_entry() -> None:
    ledger = Ledger(lambda: 0.0)
    ledger.charge("final_mix", "t1")
    wire = ledger.answer().to_wire()
    assert wire["credits"] == 250
    assert wire["entries"][0]["task_id"] == "t1"


def test_nothing_is_lost_when_many_write() -> None:
    ledger = Ledger(lambda: 0.0)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: ledger.charge("final_mix", str(n)), range(200)))
    assert ledger.credits == 200 * 250
