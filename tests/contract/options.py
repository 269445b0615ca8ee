"""Measure what every value of every option of the wire changes in the result of its call.

The options are those of the studio's own `/openapi.json`. Each value is sent to the studio with a few seconds of audio, all other
options unchanged, and the result is compared with those of the other values of the same option.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import requests
import soundfile
from outside import Caller

from tonnbook import audio_files, demo
from tonnbook import planted_faults as faults

_SPEECH = Path(__file__).parents[1] / "studio" / "recordings" / "speech.flac"
SAME_DB = -60.0
"""Two results whose difference is at or below this level relative to the louder one count as the same."""


@dataclass(frozen=True)
class Result:
    """The result of one request: the samples of its files, or the numbers of its answer, and the notes in the answer."""

    values: np.ndarray
    rate: int = 0
    notes: str = ""

    def difference_db(self, other: Result) -> float:
        """Return the level of the difference relative to the louder of the two, in dB; 0 for another rate or length."""
        if self.rate != other.rate or self.values.shape != other.values.shape:
            return 0.0
        power = max(float(np.sum(self.values**2)), float(np.sum(other.values**2)), 1e-20)
        return float(max(-120.0, 10 * np.log10(np.sum((self.values - other.values) ** 2) / power + 1e-12)))


@dataclass(frozen=True)
class Row:
    """One value of one option, the value whose result is most like its own, and the level of the difference."""

    call: str
    option: str
    value: str
    nearest: str
    difference_db: float
    note: str = ""
    """What the answer says about a value that is treated like another one."""


def compared(call: str, option: str, results: Mapping[str, Result]) -> Iterator[Row]:
    """Yield the row of each value of one option."""
    for value, result in results.items():
        found = {other: result.difference_db(results[other]) for other in results if other != value}
        nearest = min(found, key=found.__getitem__)
        note = result.notes if found[nearest] <= SAME_DB else ""
        yield Row(call, option, value, nearest, round(found[nearest], 1), note)


# What an option means that changes no sound: where the test of it is.
NOT_SOUND = {
    "/upload": {
        "filename": "the name of the file in its link",
        "contentType": "the type that the PUT has to declare; another one is refused",
    },
    "*": {
        "webhookURL": "where the result is announced",
        "trackURL": "the audio file",
        "audioFileLocation": "the audio file",
        "vocalStemURL": "the audio file",
        "backingStemURL": "the audio file",
        "multitrackTaskId": "the task",
        "masteringTaskId": "the task",
        "mixReviveTaskId": "the task",
        "stemflowTaskId": "the task",
        "recombineTaskId": "the task",
        "stemJobId": "the separation whose stems are the audio files",
        "title": "the title of the song in its answers",
        "retrieveFXSettings": "the answer has `mix_output_settings`",
    },
}


class Options:
    """The calls of one studio, with the sources of all measurements uploaded."""

    def __init__(self, caller: Caller, folder: Path) -> None:
        self.caller = caller
        stems, album = demo.stems(), demo.album()
        self.stems = {
            name: caller.upload(_excerpt(stems[name], folder / f"{name}.wav", 4.0, 3.0, mono=True))
            for name in ("kick", "bass", "guitar", "synth", "vocal")
        }
        song = album["02_tabla_street"]
        self.song = caller.upload(_excerpt(song, folder / "song.wav", 8.0, 4.0))
        self.long_song = caller.upload(_repeated(song, folder / "long song.wav", 34.0))
        self.faulty = caller.upload(
            _with_faults(song, folder / "faulty.wav", faults.dull, faults.narrow, faults.clipping)
        )
        self.squashed = caller.upload(_with_faults(song, folder / "squashed.wav", faults.over_compressed))
        self.takes = [
            caller.upload(path) for path in (_voice_take(folder / "voice.wav"), _drum_take(stems, folder / "drums.wav"))
        ]
        self.values = option_values(requests.get(caller.studio.url + "/openapi.json", timeout=60).json())

    def families(self) -> Mapping[str, Callable[[], Iterator[Row]]]:
        """Return the measurements, by the call that they are about."""
        return {
            "/mixpreview": self.mix_preview,
            "/retrievefinalmix": self.final_mix,
            "/masteringpreview": self.master,
            "/mixanalysis": self.analysis,
            "/mixenhance": self.enhancement,
            "/audio-cleanup": self.cleanup,
            "/separate": self.separation,
            "/recombine": self.recombination,
            "/api/v2/tracks": self.composition,
            "/api/v1/tracks/compose": self.newer_composition,
        }

    # --- the measurements of each call --------------------------------------------------------------------------------------------

    def mix_preview(self) -> Iterator[Row]:
        """Measure the options of /mixpreview on the final mix that follows."""
        track = "multitrackData.trackData[]."
        yield from self._words("/mixpreview", track + "instrumentGroup", lambda v: self._mixed({"instrumentGroup": v}))
        yield from self._words("/mixpreview", track + "presenceSetting", lambda v: self._mixed({"presenceSetting": v}))
        yield from self._words("/mixpreview", track + "panPreference", lambda v: self._mixed({"panPreference": v}))
        yield from self._words(
            "/mixpreview", track + "reverbPreference", lambda v: self._mixed({"reverbPreference": v})
        )
        yield from self._words("/mixpreview", "multitrackData.musicalStyle", lambda v: self._mixed(musicalStyle=v))
        yield from self._words(
            "/mixpreview",
            "multitrackData.desiredLoudness",
            lambda v: self._previewed(createMaster=True, desiredLoudness=v),
        )
        yield from self._words("/mixpreview", "multitrackData.sampleRate", lambda v: self._previewed(sampleRate=v))
        for flag in ("createMaster", "returnStems", "returnUnmixedTrack"):
            yield from self._switch(
                "/mixpreview", f"multitrackData.{flag}", lambda on, flag=flag: self._previewed(**{flag: on})
            )

    def final_mix(self) -> Iterator[Row]:
        """Measure the options of /retrievefinalmix: the changes to one track, and the form of the files."""
        call, inner = "/retrievefinalmix", "applyAudioEffectsData."
        task = self._preview()
        self._preview_answer(task)
        plain = self._rendered(task)

        def numbers(option: str, changes: Mapping[str, Mapping[str, Any]], base: Result = plain) -> Iterator[Row]:
            found = {value: self._rendered(task, change) for value, change in changes.items()}
            yield from compared(call, f"{inner}trackData[].{option}", {"as in the preview": base, **found})

        yield from numbers("gainDb", {"-6": {"gainDb": -6.0}, "6": {"gainDb": 6.0}})
        pans = {str(angle): {"panning_settings": {"panning_angle": angle}} for angle in (-60.0, 0.0, 60.0)}
        yield from numbers("panning_settings.panning_angle", pans)
        for band in (f"band_{n}" for n in range(1, 7)):

            def eq(centre: float = 1000.0, gain: float = 6.0, q: float = 1.0, band: str = band) -> Mapping[str, Any]:
                return {"eq_settings": {band: {"centre_freq": centre, "gain": gain, "q": q}}}

            yield from numbers(f"eq_settings.{band}.gain", {"6": eq(), "-6": eq(gain=-6.0)})
            yield from numbers(f"eq_settings.{band}.centre_freq", {"1000": eq(), "200": eq(200.0)})
            yield from numbers(f"eq_settings.{band}.q", {"1": eq(), "8": eq(q=8.0)})
        squeezed = {"threshold": -40.0, "ratio": 4.0, "attack_ms": 10.0, "release_ms": 100.0}
        for name, value in {"threshold": -20.0, "ratio": 2.0, "attack_ms": 60.0, "release_ms": 600.0}.items():
            values = {
                f"{number:g}": {"compression_settings": {**squeezed, name: number}}
                for number in (squeezed[name], value)
            }
            yield from numbers(f"compression_settings.{name}", values)
        for flag in ("createMaster", "returnStems"):
            yield from self._switch(call, inner + flag, lambda on, flag=flag: self._rendered(task, **{flag: on}))
        yield from self._words(
            call, inner + "desiredLoudness", lambda v: self._rendered(task, createMaster=True, desiredLoudness=v)
        )
        yield from self._words(call, inner + "sampleRate", lambda v: self._rendered(task, sampleRate=v))

    def master(self) -> Iterator[Row]:
        """Measure the options of /masteringpreview on the master that follows."""
        call, inner = "/masteringpreview", "masteringData."
        yield from self._words(call, inner + "musicalStyle", lambda v: self._mastered(musicalStyle=v))
        yield from self._words(call, inner + "desiredLoudness", lambda v: self._mastered(desiredLoudness=v))
        yield from self._words(call, inner + "sampleRate", lambda v: self._mastered(sampleRate=v))
        yield from self._switch(
            call, inner + "forcedLoudness", lambda on: self._mastered(forcedLoudness=on, forcedLoudnessInLUFS=-16)
        )
        forced = {str(v): self._mastered(forcedLoudness=True, forcedLoudnessInLUFS=v) for v in (-20, -12)}
        yield from compared(call, inner + "forcedLoudnessInLUFS", forced)
        started = {
            str(v): self._mastered(
                "download_url_mastered_preview", previewStartTime=v, trackData=[{"trackURL": self.long_song}]
            )
            for v in (0, 3)
        }
        yield from compared(call, inner + "previewStartTime", started)
        album = {str(v): self._mastered(tonnbook={"targetLufs": v}) for v in (-16.0, -13.5)}
        yield from compared(call, inner + "tonnbook.targetLufs", album)
        tones = {"flat": [0.0] * 28, "falling": [-0.5 * n for n in range(28)]}
        found = {name: self._mastered(tonnbook={"toneDb": tone}) for name, tone in tones.items()}
        yield from compared(call, inner + "tonnbook.toneDb[]", found)

    def analysis(self) -> Iterator[Row]:
        """Measure the options of /mixanalysis on the targets and verdicts of the answer."""
        call, inner = "/mixanalysis", "mixDiagnosisData."

        def analysed(style: str = "POP", is_master: bool = False) -> Result:
            order = {"audioFileLocation": self.song, "musicalStyle": style, "isMaster": is_master}
            answer = _json(self.caller.post(call, {"mixDiagnosisData": order}))["mixDiagnosisResults"]
            notes = answer["tonnbook"]
            bands = [number for band in notes["tonal"] for number in (band["target_db"], band["tolerance_db"])]
            targets = np.array([*notes["plr_range_lu"], *bands, *notes["target_tone_db"]])
            return Result(targets, notes="\n".join(_texts(answer)))

        yield from self._words(call, inner + "musicalStyle", analysed)
        yield from self._switch(call, inner + "isMaster", lambda on: analysed(is_master=on))

    def enhancement(self) -> Iterator[Row]:
        """Measure the options of /mixenhance, and on the preview those that concern it."""
        call, inner = "/mixenhance", "mixReviveData."
        yield from self._words(call, inner + "musicalStyle", lambda v: self._enhanced(musicalStyle=v))
        yield from self._words(call, inner + "loudnessPreference", lambda v: self._enhanced(loudnessPreference=v))
        for flag in (
            "isMaster",
            "fixClippingIssues",
            "fixStereoWidthIssues",
            "fixTonalProfileIssues",
            "applyMastering",
            "applyDrumEnhancement",
            "applyVocalEnhancement",
            "stemProcessing",
            "getProcessedStems",
        ):
            yield from self._switch(call, inner + flag, lambda on, flag=flag: self._enhanced(**{flag: on}))
        yield from self._switch(
            call, inner + "fixLoudnessIssues", lambda on: self._enhanced(applyMastering=False, fixLoudnessIssues=on)
        )
        squashed = {"audioFileLocation": self.squashed}
        yield from self._switch(call, inner + "fixDRCIssues", lambda on: self._enhanced(fixDRCIssues=on, **squashed))
        started = {
            str(v): self._enhanced("/mixenhancepreview", previewStartTime=v, audioFileLocation=self.long_song)
            for v in (0, 3)
        }
        yield from compared(call, inner + "previewStartTime", started)

    def cleanup(self) -> Iterator[Row]:
        """Measure the options of /audio-cleanup."""

        def cleaned(source: str) -> Result:
            orders = [{"audioFileLocation": take, "soundSource": source} for take in self.takes]
            answers = [_json(self.caller.post("/audio-cleanup", {"audioCleanupData": order})) for order in orders]
            parts = [_sound([link for _, link in _links(answer)], answer) for answer in answers]
            return Result(np.concatenate([part.values for part in parts]), parts[0].rate, parts[0].notes)

        yield from self._words("/audio-cleanup", "audioCleanupData.soundSource", cleaned)

    def separation(self) -> Iterator[Row]:
        """Measure the options of /separate."""

        def separated(mode: str) -> Result:
            order = {"audioFileLocation": self.song, "separationMode": mode}
            task = _json(self.caller.post("/separate", {"stemflowData": order}))["stemflowTaskId"]
            while self._get(f"/separatestatus/{task}", self.caller.headers)["status"] == "processing":
                time.sleep(0.02)
            answer = self._poll("/retrievestems", {"stemflowData": {"stemflowTaskId": task}})
            return _sound([link for _, link in _links(answer)], answer)

        yield from self._words("/separate", "stemflowData.separationMode", separated)

    def recombination(self) -> Iterator[Row]:
        """Measure the options of /recombine on its master."""
        call, inner = "/recombine", "recombineData."

        def recombined(**options: Any) -> Result:
            links = {"vocalStemURL": self.stems["vocal"], "backingStemURL": self.stems["guitar"]}
            order = {"musicalStyle": "POP", "desiredLoudness": "MEDIUM", **links, **options}
            task = _json(self.caller.post(call, {"recombineData": order}))["recombineTaskId"]
            while self._get(f"/recombinestatus/{task}", self.caller.headers)["status"] == "processing":
                time.sleep(0.02)
            answer = self._poll("/retrieverecombine", {"recombineData": {"recombineTaskId": task}})
            return _sound([answer["result"]["master_url"]], answer)

        yield from self._words(call, inner + "musicalStyle", lambda v: recombined(musicalStyle=v))
        yield from self._words(call, inner + "desiredLoudness", lambda v: recombined(desiredLoudness=v))
        gains = {str(v): recombined(vocalGainDb=v) for v in (-6.0, 0.0, 6.0)}
        yield from compared(call, inner + "vocalGainDb", gains)

    def composition(self) -> Iterator[Row]:
        """Measure the options of /api/v2/tracks on the composed song."""
        call = "/api/v2/tracks"
        yield from self._words(call, "genre", lambda v: self._composed(genre=v))
        yield from self._words(call, "tempo", lambda v: self._composed(tempo=v))
        yield from self._words(call, "sections[].emotion", lambda v: self._composed(emotion=v))
        halves = {
            f"{at} ms": self._composed(
                sections=[
                    {"emotion": "happy", "start": 0, "length": at},
                    {"emotion": "sad", "start": at, "length": 3000 - at},
                ]
            )
            for at in (1000, 2000)
        }
        for option in ("sections[].start", "sections[].length"):
            yield from compared(call, option, halves)
        yield from compared(call, "duration_ms", {str(v): self._composed(duration_ms=v) for v in (3000, 4000)})
        yield from compared(call, "seed", {str(v): self._composed(seed=v) for v in (1, 2)})
        plain = {"genre": None, "tempo": None, "duration_ms": None}
        prompts = ("4 seconds of calm ambient", "4 seconds of angry electronic")
        yield from compared(call, "prompt", {v: self._composed(prompt=v, **plain) for v in prompts})

    def newer_composition(self) -> Iterator[Row]:
        """Measure the options of /api/v1/tracks/compose."""
        call = "/api/v1/tracks/compose"
        prompts = ("4 seconds of calm ambient", "4 seconds of angry electronic")
        yield from compared(call, "prompt.text", {v: self._composed_v1(prompt={"text": v}) for v in prompts})
        yield from self._switch(call, "looping", lambda on: self._composed_v1(looping=on))
        yield from compared(call, "format", {v: self._composed_v1(format=v) for v in ("wav", "mp3")})

    def _words(self, call: str, option: str, result: Callable[[Any], Result]) -> Iterator[Row]:
        """Measure every value that the OpenAPI document lists for an option."""
        values = dict.fromkeys(map(str, self.values[call][option]))
        with ThreadPoolExecutor(2) as pool:
            yield from compared(call, option, dict(zip(values, pool.map(result, values), strict=True)))

    def _switch(self, call: str, option: str, result: Callable[[bool], Result]) -> Iterator[Row]:
        yield from compared(call, option, {"false": result(False), "true": result(True)})

    # --- the calls, each as plain HTTP --------------------------------------------------------------------------------------------

    def _preview(self, track: Mapping[str, Any] = {}, **options: Any) -> str:
        tracks = [
            {"trackURL": self.stems["kick"], "instrumentGroup": "KICK_GROUP"},
            {"trackURL": self.stems["bass"], "instrumentGroup": "BASS_GROUP"},
            {
                "trackURL": self.stems["guitar"],
                "instrumentGroup": "E_GUITAR_GROUP",
                "reverbPreference": "MEDIUM",
                **track,
            },
            {"trackURL": self.stems["synth"], "instrumentGroup": "SYNTH_GROUP"},
            {"trackURL": self.stems["vocal"], "instrumentGroup": "VOCAL_GROUP"},
        ]
        order = {"trackData": tracks, "musicalStyle": "POP", "returnStems": False, **options}
        return str(_json(self.caller.post("/mixpreview", {"multitrackData": order}))["multitrack_task_id"])

    def _preview_answer(self, task: str) -> Any:
        query = {"multitrackData": {"multitrackTaskId": task, "retrieveFXSettings": True}}
        return self._poll("/retrievepreviewmix", query)["previewMixTaskResults"]

    def _final(self, task: str, changes: Mapping[str, Any] = {}, **options: Any) -> Any:
        track = {"trackURL": self.stems["guitar"], **changes}
        order = {"multitrackTaskId": task, "trackData": [track], "returnStems": False, **options}
        return self._poll("/retrievefinalmix", {"applyAudioEffectsData": order})["applyAudioEffectsResults"]

    def _mixed(self, track: Mapping[str, Any] = {}, **options: Any) -> Result:
        task = self._preview(track, **options)
        self._preview_answer(task)
        answer = self._final(task)
        return _sound([answer["download_url_mixed"]], answer)

    def _previewed(self, **options: Any) -> Result:
        answer = self._preview_answer(self._preview(**options))
        return _sound([link for _, link in _links(answer)], answer)

    def _rendered(self, task: str, changes: Mapping[str, Any] = {}, **options: Any) -> Result:
        answer = self._final(task, changes, **options)
        return _sound([link for _, link in _links(answer)], answer)

    def _mastered(self, key: str = "download_url_mastered", **options: Any) -> Result:
        order = {
            "trackData": [{"trackURL": self.song}],
            "musicalStyle": "POP",
            "desiredLoudness": "MEDIUM",
            "sampleRate": "44100",
            **options,
        }
        task = _json(self.caller.post("/masteringpreview", {"masteringData": order}))["mastering_task_id"]
        query = {"masteringData": {"masteringTaskId": task}}
        preview = self._poll("/retrievepreviewmaster", query)
        answer = preview if "preview" in key else self._poll("/retrievefinalmaster", query)
        return _sound([dict(_links(answer))[key]], answer)

    def _enhanced(self, call: str = "/mixenhance", **options: Any) -> Result:
        flags = (
            "fixClippingIssues",
            "fixStereoWidthIssues",
            "fixTonalProfileIssues",
            "fixLoudnessIssues",
            "applyMastering",
        )
        order = {
            "audioFileLocation": self.faulty,
            "musicalStyle": "POP",
            "isMaster": False,
            "loudnessPreference": "STREAMING_LOUDNESS",
            "stemProcessing": False,
            **dict.fromkeys(flags, True),
            **options,
        }
        task = _json(self.caller.post(call, {"mixReviveData": order}))["mixrevive_task_id"]
        answer = self._poll("/retrieveenhancedtrack", {"mixReviveData": {"mixReviveTaskId": task}})
        return _sound([link for _, link in _links(answer)], answer)

    def _composed(self, **options: Any) -> Result:
        token = f"Bearer {self.caller.studio.key}"
        order = {"genre": "pop", "tempo": "medium", "duration_ms": 3000, "seed": 1} | options
        emotion, length = order.pop("emotion", "happy"), order.get("duration_ms", 3000)
        if "sections" not in order and "prompt" not in order:
            order["sections"] = [{"emotion": emotion, "start": 0, "length": length}]
        order = {key: value for key, value in order.items() if value is not None}
        track = _json(self.caller.post("/api/v2/tracks", order, Authorization=token))["uuid"]
        started = self.caller.post(f"/api/v2/tracks/{track}/compose", {}, Authorization=token)
        task = _json(started)["task_id"]
        headers = {"Authorization": token}
        while (state := self._get(f"/api/v2/status/{task}", headers))["state"] in ("PENDING", "PROGRESS"):
            time.sleep(0.05)
        assert state["state"] == "SUCCESS", state
        answer = self._get(f"/api/v2/tracks/{track}", headers)
        return _sound([answer["download_url"]], answer)

    def _composed_v1(self, **options: Any) -> Result:
        token = {"Authorization": f"Bearer {self.caller.studio.key}"}
        order = {"prompt": {"text": "4 seconds of happy pop"}, "format": "wav", "looping": False, **options}
        task = _json(self.caller.post("/api/v1/tracks/compose", order, **token))["task_id"]
        while (answer := self._get(f"/api/v1/tasks/{task}", token))["status"] == "composing":
            time.sleep(0.05)
        return _sound([dict(_links(answer))["track_url"]], answer)

    def _get(self, path: str, headers: Mapping[str, str]) -> Any:
        return _json(requests.get(self.caller.studio.url + path, headers=dict(headers), timeout=60))

    def _poll(self, path: str, body: Any) -> Any:
        while (answer := self.caller.post(path, body)).status_code == 202:
            time.sleep(0.02)
        return _json(answer)


def _json(answer: requests.Response) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()


def _links(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Yield the key and the link of every file of an answer."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _links(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from _links(inner, key)
    elif isinstance(value, str) and value.startswith("http") and "/files/" in value:
        yield key, value


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping | list):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(inner)
    elif isinstance(value, str) and " " in value and not value.startswith("http"):
        yield value


def _sound(links: Sequence[str], answer: Any) -> Result:
    """Download files; return their samples one after the other."""
    parts, rate = [], 0
    for link in sorted(links, key=lambda link: link.partition("?")[0].rpartition("/")[2]):
        audio, rate = soundfile.read(BytesIO(requests.get(link, timeout=60).content), always_2d=True)
        parts.append(audio.ravel())
    return Result(np.concatenate(parts), rate, "\n".join(_texts(answer)))


def _excerpt(source: Path, target: Path, start_s: float, seconds: float, *, mono: bool = False) -> Path:
    audio, rate = audio_files.read(source)
    audio = audio.mean(axis=0, keepdims=True) if mono else audio
    return audio_files.write(target, audio[:, round(start_s * rate) : round((start_s + seconds) * rate)], rate, 24)


def _repeated(source: Path, target: Path, seconds: float) -> Path:
    audio, rate = audio_files.read(source)
    return audio_files.write(target, np.take(audio, range(round(seconds * rate)), axis=1, mode="wrap"), rate, 24)


def _with_faults(source: Path, target: Path, *planted: Callable[[np.ndarray, int], np.ndarray]) -> Path:
    """Write four seconds of a mix with faults."""
    audio, rate = audio_files.read(source)
    mix = audio[:, 8 * rate : 12 * rate]
    for fault in planted:
        mix = fault(mix, rate)
    return audio_files.write(target, mix, rate, 24)


def _voice_take(target: Path) -> Path:
    """Write five seconds of a voice with hiss and rumble."""
    voice, rate = audio_files.read(_SPEECH)
    time_s = np.arange(5 * rate) / rate
    noise = 0.006 * np.random.default_rng(5).normal(size=5 * rate) + 0.02 * np.sin(2 * np.pi * 35.0 * time_s)
    return audio_files.write(target, voice[:1, : 5 * rate] + noise, rate, 24)


def _drum_take(stems: Mapping[str, Path], target: Path) -> Path:
    """Write five seconds of a kick and a snare with the bleed of the hi-hat and the guitar, and noise."""
    parts = {name: audio_files.read(stems[name]) for name in ("kick", "snare", "hi-hat", "guitar")}
    kick, snare, hat, guitar = (audio[:1, 4 * rate : 9 * rate] for audio, rate in parts.values())
    rate = parts["kick"][1]
    noise = 0.001 * np.random.default_rng(6).normal(size=kick.shape)
    return audio_files.write(target, kick + 0.7 * snare + 0.1 * hat + 0.1 * guitar + noise, rate, 24)


def option_values(document: Any) -> Mapping[str, Mapping[str, Sequence[Any]]]:
    """Return the options of each call of an OpenAPI document: by path, then by place in the body, the values that it lists."""
    schemas = document["components"]["schemas"]

    def options(schema: Any, place: str) -> Iterator[tuple[str, Sequence[Any]]]:
        schema = schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
        if "anyOf" in schema:
            for inner in schema["anyOf"]:
                if inner.get("type") != "null":
                    yield from options(inner, place)
        elif "properties" in schema:
            for name, inner in schema["properties"].items():
                yield from options(inner, f"{place}.{name}".strip("."))
        elif "items" in schema:
            yield from options(schema["items"], place + "[]")
        else:
            yield place, schema.get("enum", ())

    found: dict[str, dict[str, Sequence[Any]]] = {}
    for path, calls in document["paths"].items():
        body = calls.get("post", {}).get("requestBody", {}).get("content", {}).get("application/json")
        if body:
            found[path] = dict(options(body["schema"], ""))
    return found
