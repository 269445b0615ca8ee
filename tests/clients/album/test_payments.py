"""Each master is paid once: albums on a second studio that stands for the live service, and its ledger afterwards."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from tonnbook import audio_files
from tonnbook.clients.album.payments import AlbumOptions, SongOrder, billing_server_of
from tonnbook.clients.album.record import LOCAL, SongRecord, record_path
from tonnbook.clients.http import Http
from tonnbook.clients.polling import PollSettings
from tonnbook.clients.reply import Reply
from tonnbook.clients.tonn import TonnClient
from tonnbook.errors import OutOfCredits, TonnbookError, Unreachable
from tonnbook.models.mastering import MasteringRequest
from tonnbook.services import measure_song
from tonnbook.studio.server.server import Studio

QUICK = PollSettings(first_s=0.02, longest_s=0.1, retry_for_s=1.0)


@pytest.fixture(scope="module")
def shorts(songs: Mapping[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Four songs of a second and a half, named a to d."""
    folder = tmp_path_factory.mktemp("shorts")
    made = {}
    for name, path in zip("abcd", songs.values(), strict=True):
        audio, rate = audio_files.read(path)
        made[name] = audio_files.write(folder / f"{name}.wav", audio[:, : 3 * rate // 2], rate, 16)
    return made


@pytest.fixture(scope="module")
def service() -> Iterator[Studio]:
    """Stands for the live service."""
    with Studio(key="a-live-key") as studio:
        yield studio


@pytest.fixture
def live(service: Studio) -> Iterator[TonnClient]:
    client = client_of(service)
    yield client
    client.close()


@pytest.fixture
def spent(service: Studio) -> Any:
    """Return how many credits have gone since the test began."""
    before = service.ledger.credits
    return lambda: service.ledger.credits - before


def client_of(studio: Studio, http: Http | None = None, *, charges_credits: bool = True) -> TonnClient:
    options: dict[str, Any] = {"measure_song": measure_song, "charges_credits": charges_credits}
    with patch("tonnbook.clients.tonn.Http", lambda url, key: http or Http(url, key)):
        return TonnClient(studio.url, studio.key, polling=QUICK, **options)


def done(client: TonnClient, album: Any, to: Path, **settings: Any) -> Any:
    return client.master_all(album, to, **settings).result(60)


def request_of(source: Path | str, **fields: Any) -> MasteringRequest:
    return MasteringRequest.model_validate({"source": source, "style": "POP", "desired_loudness": "LOW", **fields})


def order_of(request: MasteringRequest, place: str, folder: Path = Path()) -> SongOrder:
    return AlbumOptions(folder, place, coherence=False, final=True).order("a", request, request, "a.wav")


class TestPaidOnce:
    def test_a_master_that_was_lost_is_downloaded_again_for_nothing(
        self, live: TonnClient, spent: Any, shorts: Mapping[str, Path], tmp_path: Path
    ) -> None:
        one = {"a": shorts["a"]}
        path = done(live, one, tmp_path)[0].master.path
        before = path.read_bytes()
        path.unlink()
        assert live.plan_all(one, tmp_path).due == []
        assert done(live, one, tmp_path)[0].master.path.read_bytes() == before
        assert spent() == 220

    def test_a_paid_task_that_the_server_does_not_know_is_not_ordered_again(
        self, shorts: Mapping[str, Path], tmp_path: Path
    ) -> None:
        with Studio(key="a-live-key") as first:
            client = client_of(first)
            path = done(client, {"a": shorts["a"]}, tmp_path)[0].master.path
            client.close()
        path.unlink()
        with Studio(port=int(first.url.rpartition(":")[2]), key="a-live-key") as second:
            client = client_of(second)
            for _ in range(2):
                why = done(client, {"a": shorts["a"]}, tmp_path).failed["a"]
                assert "was paid" in why
                assert "move manifest/a.json away" in why
            assert second.ledger.entries == ()
            record_path(tmp_path, "a").unlink()
            assert len(done(client, {"a": shorts["a"]}, tmp_path)) == 1
            assert second.ledger.credits == 220
            client.close()

    def test_a_song_repaired_later_leaves_the_paid_ones_of_a_coherent_album_alone(
        self, live: TonnClient, spent: Any, shorts: Mapping[str, Path], tmp_path: Path
    ) -> None:
        album = [tmp_path / f"{name}.wav" for name in "abc"]
        for name, path in zip("ab", album, strict=False):  # so quiet that they have another place beside the third song
            audio, rate = audio_files.read(shorts[name])
            audio_files.write(path, 0.1 * audio, rate, 24)
        album[2].write_bytes(b"RIFF and then nothing")
        before = live.plan_all(album, tmp_path / "out", coherence=True).orders["a"].request.forced_loudness_lufs
        first = done(live, album, tmp_path / "out", coherence=True)
        assert (len(first), spent()) == (2, 440)
        album[2].write_bytes(shorts["c"].read_bytes())
        plan = live.plan_all(album, tmp_path / "out", coherence=True)
        assert plan.orders["a"].request.forced_loudness_lufs != before
        assert plan.due == ["c"]
        again = done(live, album, tmp_path / "out", coherence=True)
        assert (len(again), spent()) == (3, 660)
        assert [song.task_id for song in again][:2] == [song.task_id for song in first]

    def test_what_the_final_master_does_not_depend_on_is_not_paid_again(
        self, live: TonnClient, spent: Any, shorts: Mapping[str, Path], tmp_path: Path
    ) -> None:
        done(live, [request_of(shorts["a"])], tmp_path)
        for fields in (
            {"preview_start_s": 0.5},
            {"forced_loudness": False, "forced_loudness_lufs": -20},
            {"webhook_url": "http://127.0.0.1:9/a"},
        ):
            assert len(done(live, [request_of(shorts["a"], **fields)], tmp_path)) == 1
        assert spent() == 220
        done(live, [request_of(shorts["a"], forced_loudness=True, forced_loudness_lufs=-20)], tmp_path)
        assert spent() == 440

    def test_a_preview_can_start_elsewhere_until_the_final_is_paid(
        self, live: TonnClient, service: Studio, spent: Any, shorts: Mapping[str, Path], tmp_path: Path
    ) -> None:
        tasks = [
            done(live, [request_of(shorts["a"], preview_start_s=start)], tmp_path, final=final)[0].task_id
            for start, final in ((0.0, False), (0.5, False), (0.5, True), (1.0, False))
        ]
        assert tasks[0] != tasks[1] == tasks[2] == tasks[3]
        assert spent() == 220

    def test_a_song_under_another_name_is_the_same_song(
        self, live: TonnClient, spent: Any, shorts: Mapping[str, Path], tmp_path: Path
    ) -> None:
        first = done(live, {"old": shorts["a"]}, tmp_path)[0]
        again = done(live, {"new": shorts["a"]}, tmp_path)[0]
        assert again.task_id == first.task_id
        assert (tmp_path / "new.wav").read_bytes() == (tmp_path / "old.wav").read_bytes()
        assert spent() == 220

    def test_settings_that_are_changed_back_find_the_paid_master(
        self, live: TonnClient, spent: Any, shorts: Mapping[str, Path], tmp_path: Path
    ) -> None:
        low, high, again = (
            done(live, {"a": shorts["a"]}, tmp_path, desired_loudness=word)[0] for word in ("LOW", "HIGH", "LOW")
        )
        assert low.task_id == again.task_id != high.task_id
        assert again.notes.after.loudness_lufs == pytest.approx(-14.0, abs=0.05)
        assert audio_files.info(again.master.path).frames == audio_files.info(shorts["a"]).frames
        assert len(list((tmp_path / "earlier").glob("a.*.wav"))) == 2
        assert spent() == 440

    def test_a_song_whose_file_is_gone_keeps_its_master(
        self, live: TonnClient, spent: Any, shorts: Mapping[str, Path], tmp_path: Path
    ) -> None:
        song = tmp_path / "song.wav"
        song.write_bytes(shorts["a"].read_bytes())
        first = done(live, [song], tmp_path / "out")[0]
        song.unlink()
        again = done(live, [song], tmp_path / "out")[0]
        assert (again.task_id, again.source) == (first.task_id, None)
        assert "song" in done(live, [song], tmp_path / "out", desired_loudness="HIGH").failed
        assert spent() == 220

    def test_a_manifest_that_cannot_be_read_is_no_empty_one(
        self, live: TonnClient, spent: Any, shorts: Mapping[str, Path], tmp_path: Path
    ) -> None:
        done(live, {"a": shorts["a"]}, tmp_path)
        record_path(tmp_path, "a").write_text("{garbage")
        masters = done(live, {"a": shorts["a"], "b": shorts["b"]}, tmp_path)
        assert "manifest/a.json cannot be read" in masters.failed["a"]
        assert [song.name for song in masters] == ["b"]
        assert spent() == 440

    def test_a_manifest_of_another_version_orders_nothing(
        self, live: TonnClient, spent: Any, shorts: Mapping[str, Path], tmp_path: Path
    ) -> None:
        done(live, {"a": shorts["a"]}, tmp_path)
        path = record_path(tmp_path, "a")
        path.write_text(json.dumps(json.loads(path.read_text()) | {"version": 1}))
        assert "manifest/a.json cannot be read" in done(live, {"a": shorts["a"]}, tmp_path).failed["a"]
        assert spent() == 220


class TestThisMachineAndTheService:
    def test_neither_takes_the_others_masters(
        self, live: TonnClient, spent: Any, shorts: Mapping[str, Path], tmp_path: Path
    ) -> None:
        one = {"a": shorts["a"]}
        with Studio() as own:
            offline = client_of(own, charges_credits=False)
            here = done(offline, one, tmp_path)[0]
            assert live.plan_all(one, tmp_path).due == ["a"]
            there = done(live, one, tmp_path)[0]
            assert here.task_id != there.task_id
            assert spent() == 220
            done(offline, one, tmp_path)
            offline.close()
        assert live.plan_all(one, tmp_path).due == []
        assert done(live, one, tmp_path)[0].task_id == there.task_id
        assert spent() == 220

    def test_the_billing_server_follows_from_the_address_unless_given(self) -> None:
        assert billing_server_of("http://127.0.0.1:8000", None) == LOCAL
        assert billing_server_of("http://127.0.0.1:8000", True) == "127.0.0.1:8000"
        assert billing_server_of("https://tonn.example", None) == "tonn.example"


class TestLinks:
    def order(self, link: str) -> str:
        return order_of(request_of(link), "tonn.example").order

    def test_the_query_of_a_link_counts_and_is_stored_as_a_hash(self) -> None:
        old, new = (self.order(f"https://drive.example/uc?export=download&id={name}") for name in ("OLD", "NEW"))
        assert old != new
        assert "OLD" not in old

    @pytest.mark.parametrize(
        "query",
        [
            "X-Goog-Signature=1&X-Goog-Date=2",
            "X-Amz-Credential=a&X-Amz-Expires=3600",
            "expires=17&signature=abc",
            "Expires=17&Signature=abc&Key-Pair-Id=k",
            "token=t",
        ],
    )
    def test_a_signature_does_not(self, query: str) -> None:
        assert self.order(f"https://files.example/a.wav?{query}&id=7") == self.order("https://files.example/a.wav?id=7")


class Faulty(Http):
    """Fails when the final master is requested, before or after the server has received the request."""

    problem: TonnbookError | None = None
    arrives = False

    def create(self, path: str, body: Any, **options: Any) -> Reply:
        if path != "/retrievefinalmaster" or self.problem is None:
            return super().create(path, body, **options)
        if self.arrives:
            super().create(path, body, **options)
        raise self.problem


class TestWhatIsNotClear:
    @pytest.fixture
    def http(self, service: Studio) -> Faulty:
        return Faulty(service.url, service.key)

    def test_a_lost_answer_is_requested_again_and_not_ordered_again(
        self, service: Studio, http: Faulty, spent: Any, shorts: Mapping[str, Path], tmp_path: Path
    ) -> None:
        client, one = client_of(service, http), {"a": shorts["a"]}
        http.problem, http.arrives = Unreachable("the answer broke off"), True
        first = done(client, one, tmp_path)
        assert "broke off" in first.failed["a"]
        record = SongRecord.read(record_path(tmp_path, "a"))
        assert record is not None
        assert (record.state, record.paid, record.requested) == ("paying", False, True)
        assert client.plan_all(one, tmp_path).due == ["a"]  # it may cost something still
        http.problem = None
        assert done(client, one, tmp_path)[0].task_id == record.task_id
        assert spent() == 220
        client.close()

    def test_a_clear_refusal_costs_nothing_and_is_no_payment(
        self, service: Studio, http: Faulty, spent: Any, shorts: Mapping[str, Path], tmp_path: Path
    ) -> None:
        client = client_of(service, http)
        http.problem = OutOfCredits(402, "/retrievefinalmaster", "no credits")
        assert "Buy credits" in done(client, {"a": shorts["a"]}, tmp_path).failed["a"]
        record = SongRecord.read(record_path(tmp_path, "a"))
        assert record is not None
        assert (record.state, record.requested, spent()) == ("preview", False, 0)
        client.close()

    def test_a_server_that_does_not_know_a_task_that_may_be_paid_gets_no_new_order(
        self, service: Studio, http: Faulty, spent: Any, shorts: Mapping[str, Path], tmp_path: Path
    ) -> None:
        client, one = client_of(service, http), {"a": shorts["a"]}
        http.problem = Unreachable("no answer")
        done(client, one, tmp_path)
        path = record_path(tmp_path, "a")
        path.write_text(json.dumps(json.loads(path.read_text()) | {"task_id": "forgotten"}))
        http.problem = None
        assert "may have been paid" in done(client, one, tmp_path).failed["a"]
        assert spent() == 0
        client.close()

    @pytest.mark.parametrize("arrives", [True, False])
    def test_a_single_master_is_not_requested_again_automatically(
        self, service: Studio, http: Faulty, spent: Any, shorts: Mapping[str, Path], arrives: bool
    ) -> None:
        client = client_of(service, http)
        http.problem, http.arrives = Unreachable("the answer broke off."), arrives
        job = client.master(shorts["a"])
        with pytest.raises(TonnbookError, match=r"may have been charged.*attach_master") as caught:
            job.result(30)
        assert not isinstance(caught.value, Unreachable)
        http.problem = None
        assert client.attach_master(str(job.task_id), final=True).result(30).master is not None
        assert spent() == 220
        client.close()


class TestClosing:
    def test_a_closed_client_orders_nothing_and_the_next_one_goes_on_at_once(
        self, service: Studio, spent: Any, shorts: Mapping[str, Path], tmp_path: Path
    ) -> None:
        before = len(service.ledger.entries)
        client = client_of(service)
        batch = client.master_all(shorts, tmp_path, at_once=2)
        while not any(job.task_id for job in batch.jobs.values()):
            time.sleep(0.01)
        client.close()
        paid = spent()
        following = client_of(service)
        plan = following.plan_all(shorts, tmp_path)
        assert len(plan.due) == 4 - paid // 220
        time.sleep(1.0)  # long enough for all four, had they gone on
        assert spent() == paid < 880
        assert len(plan.start().result(60)) == 4
        assert spent() == 880
        finals = [entry.task_id for entry in service.ledger.entries[before:] if entry.call == "final_master"]
        assert len(finals) == len(set(finals)) == 4
        assert sum(e.call == "master_preview" for e in service.ledger.entries[before:]) == 4  # none ordered twice
        following.close()
        assert not list(tmp_path.rglob("*.open"))

    def test_a_worker_notices_that_the_client_was_closed(
        self, live: TonnClient, spent: Any, shorts: Mapping[str, Path], tmp_path: Path
    ) -> None:
        from tonnbook.clients.album.song import Stopped, master_song

        (order,) = live.plan_all({"a": shorts["a"]}, tmp_path).orders.values()
        http = Http("http://127.0.0.1:9", "a-live-key")
        with pytest.raises(Stopped, match="run it again"):
            master_song(order.while_open(tmp_path / "removed.open", QUICK), http)
        assert spent() == 0

    def test_nothing_else_is_ordered_through_a_closed_client_either(self, service: Studio, shorts: Any) -> None:
        client = client_of(service)
        link = client.upload(shorts["a"])
        client.close()
        entries = len(service.ledger.entries)
        with pytest.raises(TonnbookError, match="has been closed"):
            client.master(link).result(10)
        assert len(service.ledger.entries) == entries
