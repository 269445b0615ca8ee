"""Reading and writing every format at every usual rate, and errors for all kinds of unusable files."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from tonnbook import audio_files, demo
from tonnbook.errors import AudioError

RATES = [8000, 11025, 16000, 22050, 32000, 44100, 48000, 88200, 96000, 192000]
MP3_RATES = [rate for rate in RATES if rate <= 48000]


def tune(channels: int, rate: int, seconds: float = 0.5) -> np.ndarray:
    """Two tones per channel, low enough for a rate of 8 kHz and for lossy formats."""
    time = np.arange(round(seconds * rate)) / rate
    return np.stack(
        [0.3 * np.sin(2 * np.pi * 440 * (c + 1) * time) + 0.1 * np.sin(6000 * time) for c in range(channels)]
    )


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(
    ("suffix", "subtype", "depth"),
    [
        ("wav", "PCM_16", 16),
        ("wav", "PCM_24", 24),
        ("wav", "PCM_32", 32),
        ("wav", "FLOAT", 32),
        ("flac", "PCM_16", 16),
        ("flac", "PCM_24", 24),
        ("aiff", "PCM_16", 16),
        ("aiff", "PCM_24", 24),
    ],
)
def test_reads_lossless_files(tmp_path: Path, suffix: str, subtype: str, depth: int, channels: int, rate: int) -> None:
    path = tmp_path / f"tune.{suffix}"
    soundfile.write(path, tune(channels, rate).T, rate, subtype=subtype)
    found = audio_files.info(path)
    assert (found.format, found.rate, found.channels, found.frames) == (suffix, rate, channels, rate // 2)
    assert found.bit_depth == depth
    assert found.seconds == pytest.approx(0.5, abs=1 / rate)
    audio, its_rate = audio_files.read(path)
    assert its_rate == rate
    assert audio.dtype == np.float64
    assert audio.flags.c_contiguous
    np.testing.assert_allclose(audio, tune(channels, rate), atol=2.0 ** -(min(depth, 24) - 1))


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(("suffix", "rate"), [("mp3", rate) for rate in MP3_RATES] + [("ogg", rate) for rate in RATES])
def test_reads_lossy_files_at_their_full_length(tmp_path: Path, suffix: str, channels: int, rate: int) -> None:
    path = audio_files.write(tmp_path / f"tune.{suffix}", tune(channels, rate), rate)
    found = audio_files.info(path)
    assert (found.format, found.rate, found.channels, found.bit_depth) == (suffix, rate, channels, 0)
    audio, _ = audio_files.read(path)
    assert audio.shape == (channels, rate // 2) == (found.channels, found.frames)
    middle = slice(rate // 10, -rate // 10)
    error = audio[:, middle] - tune(channels, rate)[:, middle]
    assert np.sqrt(np.mean(error**2)) < 0.02


def test_the_bit_depth_of_a_coding_without_one_is_none(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "old.wav", tune(1, 8000).T, 8000, subtype="ULAW")
    assert audio_files.info(tmp_path / "old.wav").bit_depth is None


def test_opus_in_ogg_is_read(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "tune.ogg", tune(2, 48000).T, 48000, format="OGG", subtype="OPUS")
    assert audio_files.read(tmp_path / "tune.ogg")[0].shape[0] == 2


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
@pytest.mark.parametrize("rate", [None, 22050, 48000, 96000])
def test_the_blocks_are_the_whole_file_bit_for_bit(tmp_path: Path, suffix: str, rate: int | None) -> None:
    path = audio_files.write(tmp_path / f"tune.{suffix}", tune(2, 44100, 3.0), 44100)
    whole, its_rate = audio_files.read(path, rate)
    assert its_rate == (rate or 44100)
    for block in (1000, 65536):
        pieces = list(audio_files.blocks(path, rate, block))
        assert {piece.shape[1] for piece in pieces[:-1]} <= {block}
        np.testing.assert_array_equal(np.hstack(pieces), whole)


@pytest.mark.parametrize(("from_rate", "to_rate"), [(44100, 48000), (48000, 44100), (8000, 192000), (96000, 11025)])
def test_a_change_of_rate_is_that_of_soxr(tmp_path: Path, from_rate: int, to_rate: int) -> None:
    path = audio_files.write(tmp_path / "tune.wav", tune(2, from_rate, 2.0), from_rate, bit_depth=32)
    source, _ = audio_files.read(path)
    audio, rate = audio_files.read(path, to_rate)
    assert rate == to_rate
    np.testing.assert_array_equal(audio, soxr.resample(source.T, from_rate, to_rate, "VHQ").T)
    middle = slice(to_rate // 4, -to_rate // 4)
    np.testing.assert_allclose(audio[:, middle], tune(2, to_rate, 2.0)[:, middle], atol=1e-5)


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
def test_a_part_is_the_same_as_in_the_whole_file(tmp_path: Path, suffix: str) -> None:
    path = audio_files.write(tmp_path / f"tune.{suffix}", tune(2, 44100, 3.0), 44100)
    whole, _ = audio_files.read(path)
    part = np.hstack(list(audio_files.blocks(path, start_s=1.0, stop_s=2.5)))
    np.testing.assert_array_equal(part, whole[:, 44100 : round(2.5 * 44100)])
    assert sum(piece.shape[1] for piece in audio_files.blocks(path, 48000, start_s=0.5, stop_s=1.5)) == 48000
    assert list(audio_files.blocks(path, start_s=99.0)) == []


@pytest.mark.parametrize("bit_depth", [16, 24])
@pytest.mark.parametrize("suffix", ["wav", "flac"])
def test_integers_are_rounded_half_to_even_and_clipped_at_full_scale(
    tmp_path: Path, suffix: str, bit_depth: audio_files.BitDepth
) -> None:
    scale = 2.0 ** (bit_depth - 1)
    audio = np.array([[0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 0.49999, scale, 2 * scale, -scale, -2 * scale]]) / scale
    path = audio_files.write(tmp_path / f"steps.{suffix}", audio, 44100, bit_depth)
    expected = [0, 2, 2, 0, -2, -2, 0, scale - 1, scale - 1, -scale, -scale]
    np.testing.assert_array_equal(audio_files.read(path)[0][0] * scale, expected)


def test_float_files_keep_samples_beyond_full_scale(tmp_path: Path) -> None:
    audio = np.array([[0.1, -3.0, 1e-20]], dtype=np.float32)
    path = audio_files.write(tmp_path / "loud.wav", audio, 44100, bit_depth=32)
    np.testing.assert_array_equal(audio_files.read(path)[0], audio)


@pytest.mark.parametrize("channels", [1, 2, 8])
def test_a_float_file_does_not_contain_the_time_of_writing(tmp_path: Path, channels: int) -> None:
    """libsndfile writes the time into the PEAK chunk; the dither of a master is seeded with the bytes of such files."""
    data = audio_files.write(tmp_path / "float.wav", np.full((channels, 100), 0.5), 44100, bit_depth=32).read_bytes()
    peak_chunk = data.index(b"PEAK")
    assert data[peak_chunk + 12 : peak_chunk + 16] == bytes(4)
    np.testing.assert_array_equal(audio_files.read(tmp_path / "float.wav")[0], np.full((channels, 100), 0.5))


@pytest.mark.parametrize("bit_depth", [16, 24])
def test_writing_what_was_read_gives_the_same_samples(tmp_path: Path, bit_depth: audio_files.BitDepth) -> None:
    audio, rate = audio_files.read(demo.stems()["kick"])
    path = audio_files.write(tmp_path / "again.wav", audio, rate, bit_depth)
    np.testing.assert_array_equal(audio_files.read(path)[0], audio)


def test_dither_is_triangular_and_the_same_for_the_same_seed(tmp_path: Path) -> None:
    audio = np.full((2, 100_000), 0.3 / 2**15)
    first = audio_files.write(tmp_path / "a.wav", audio, 44100, 16, dither_seed=7).read_bytes()
    assert audio_files.write(tmp_path / "b.wav", audio, 44100, 16, dither_seed=7).read_bytes() == first
    assert audio_files.write(tmp_path / "c.wav", audio, 44100, 16, dither_seed=8).read_bytes() != first
    steps = audio_files.read(tmp_path / "a.wav")[0] * 2**15
    assert set(np.unique(steps)) == {-1, 0, 1}
    assert steps.mean() == pytest.approx(0.3, abs=0.01)  # what rounding alone would have lost
    # Two uniform noises of one LSB each, and the rounding: 1/12 + 1/12 + 1/12 of a square LSB.
    assert (steps - 0.3).var() == pytest.approx(0.25, abs=0.01)
    assert abs(np.corrcoef(steps)[0, 1]) < 0.02


def test_dither_leaves_digital_silence_alone(tmp_path: Path) -> None:
    audio = np.zeros((2, 30_000))
    audio[0, 10_000:20_000] = 1e-3
    path = audio_files.write(tmp_path / "pause.wav", audio, 44100, 16, dither_seed=1)
    steps = audio_files.read(path)[0] * 2**15
    assert not steps[:, :10_000].any()
    assert not steps[:, 20_000:].any()
    assert steps[:, 10_000:20_000].any(axis=1).all()


@pytest.mark.parametrize("suffix", ["wav", "flac"])
def test_the_cut_into_blocks_does_not_change_a_written_file(tmp_path: Path, suffix: str) -> None:
    audio = tune(2, 44100, 2.0)
    whole = audio_files.write(tmp_path / f"whole.{suffix}", audio, 44100, 16, dither_seed=3)
    with audio_files.Writer(tmp_path / f"pieces.{suffix}", 44100, 2, 16, dither_seed=3) as writer:
        for piece in np.split(audio, [0, 1, 777, 70_000], axis=1):
            writer.write(piece)
    np.testing.assert_array_equal(audio_files.read(writer.path)[0], audio_files.read(whole)[0])


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
def test_a_file_appears_only_when_it_is_complete(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"mix.{suffix}"
    path.write_bytes(b"the mix of yesterday")

    def fail_half_way() -> None:
        with audio_files.Writer(path, 44100, 2) as writer:
            writer.write(tune(2, 44100))
            assert path.read_bytes() == b"the mix of yesterday"
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail_half_way()
    assert [each.name for each in tmp_path.iterdir()] == [path.name]
    assert path.read_bytes() == b"the mix of yesterday"
    audio_files.write(path, tune(2, 44100), 44100)
    assert [each.name for each in tmp_path.iterdir()] == [path.name]
    assert audio_files.info(path).frames == 22050


@pytest.mark.parametrize("format_", ["wav", "flac", "ogg", "mp3"])
def test_encoded_bytes_are_a_file(format_: audio_files.Format) -> None:
    encoded = audio_files.encode(tune(2, 44100), 44100, format_)
    decoded, rate = soundfile.read(BytesIO(encoded), always_2d=True)
    assert (decoded.shape, rate) == ((22050, 2), 44100)
    # In the first frames a lossy coder warms up.
    np.testing.assert_allclose(decoded.T[:, 4000:-4000], tune(2, 44100)[:, 4000:-4000], atol=0.05)
    again, _ = soundfile.read(BytesIO(audio_files.encode(tune(2, 44100), 44100, format_)), always_2d=True)
    np.testing.assert_array_equal(again, decoded)


@pytest.mark.parametrize("kbps", [320, 256, 160, 96])
def test_an_mp3_has_the_requested_bit_rate(kbps: int) -> None:
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, (2, 5 * 44100))
    assert len(audio_files.encode(noise, 44100, "mp3", kbps=kbps)) * 8 / 5000 == pytest.approx(kbps, rel=0.03)


def test_a_long_ogg_does_not_crash() -> None:
    """One call with several minutes of audio overflows the stack in libvorbis, so it must be written in blocks."""
    audio = np.zeros((2, 5 * 60 * 22050), dtype=np.float32)
    audio[:, ::100] = 0.1
    encoded = audio_files.encode(audio, 22050, "ogg")
    assert soundfile.info(BytesIO(encoded)).frames == audio.shape[1]


def test_rates_and_channels_that_a_format_cannot_hold_are_refused(tmp_path: Path) -> None:
    for name, channels, rate in (("a.mp3", 2, 96000), ("a.mp3", 3, 44100), ("a.ogg", 2, 250_000)):
        with pytest.raises(AudioError, match=rf"{name}: .* cannot hold {channels} channels at {rate} Hz. Write WAV"):
            audio_files.write(tmp_path / name, np.zeros((channels, 10)), rate)
    with pytest.raises(AudioError, match=r"a\.xyz: .*suffixes"):
        audio_files.write(tmp_path / "a.xyz", tune(1, 8000), 8000)
    with pytest.raises(AudioError, match="there is no folder nowhere"):
        audio_files.write(tmp_path / "nowhere" / "a.wav", tune(1, 8000), 8000)
    with pytest.raises(ValueError, match="bit_depth 32"):
        audio_files.write(tmp_path / "a.flac", tune(1, 8000), 8000, 32)
    with pytest.raises(ValueError, match="kbps"):
        audio_files.encode(tune(1, 8000), 8000, "mp3", kbps=100)
    assert list(tmp_path.iterdir()) == []


SUFFIXES = ["wav", "flac", "ogg", "mp3", "aiff"]
NO_SOUND = {
    "text": b"hello world " * 1000,
    "page": b"<!doctype html><html><body>404 Not Found</body></html>" * 30,
    "noise": np.random.default_rng(0).bytes(5000),
    "zeros": bytes(5000),
    "m4a": b"\x00\x00\x00\x20ftypM4A " + np.random.default_rng(1).bytes(5000),
}


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("kind", NO_SOUND)
def test_an_unreadable_file_is_refused_by_name_without_its_folder(tmp_path: Path, suffix: str, kind: str) -> None:
    path = tmp_path / f"{kind}.{suffix}"
    path.write_bytes(NO_SOUND[kind])
    with pytest.raises(AudioError, match=rf"^{path.name} cannot be read as sound. Export it again as WAV") as caught:
        audio_files.read(path)
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_empty_file_is_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"nothing.{suffix}"
    path.touch()
    with pytest.raises(AudioError, match=r"^nothing\..* is empty \(0 bytes\)\. Export it again"):
        audio_files.info(path)


@pytest.mark.parametrize("suffix", ["wav", "ogg", "aiff"])
def test_a_file_without_samples_is_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"hollow.{suffix}"
    soundfile.write(path, np.empty((0, 2)), 44100)
    with pytest.raises(AudioError, match=r"^hollow\..* 0 samples"):
        audio_files.info(path)


@pytest.mark.parametrize("share", [0.03, 0.5, 0.9])
@pytest.mark.parametrize("suffix", ["wav", "flac", "aiff"])
def test_a_truncated_file_is_refused(tmp_path: Path, suffix: str, share: float) -> None:
    whole = tmp_path / f"whole.{suffix}"
    soundfile.write(whole, np.random.default_rng(2).uniform(-0.5, 0.5, (100_000, 2)), 44100, subtype="PCM_16")
    path = tmp_path / f"half.{suffix}"
    path.write_bytes(whole.read_bytes()[: int(share * whole.stat().st_size)])
    with pytest.raises(AudioError, match=r"^half\..* is damaged: .*upload it again"):
        audio_files.read(path)


def test_a_flac_without_a_length_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "piped.flac"
    soundfile.write(path, np.random.default_rng(2).uniform(-0.5, 0.5, (44100, 2)), 44100)
    data = bytearray(path.read_bytes())
    data[21] &= 0xF0  # the 36 bits of STREAMINFO that hold the number of samples
    data[22:26] = bytes(4)
    path.write_bytes(data)
    with pytest.raises(AudioError, match=r"^piped\.flac does not say how long it is"):
        audio_files.info(path)


@pytest.mark.parametrize("suffix", ["ogg", "mp3"])
def test_a_truncated_lossy_file_is_read_to_its_end(tmp_path: Path, suffix: str) -> None:
    whole = audio_files.write(tmp_path / f"whole.{suffix}", tune(2, 44100, 4.0), 44100)
    path = tmp_path / f"half.{suffix}"
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    audio, _ = audio_files.read(path)
    assert 0.2 < audio.shape[1] / (4 * 44100) < 0.8


def test_a_wav_from_a_pipe_with_an_unknown_length_is_read(tmp_path: Path) -> None:
    path = audio_files.write(tmp_path / "piped.wav", tune(2, 44100), 44100)
    header = bytearray(path.read_bytes())
    at = header.index(b"data") + 4
    header[at : at + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(header)
    assert audio_files.read(path)[0].shape == (2, 22050)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nan_and_infinity_are_refused(tmp_path: Path, bad: float) -> None:
    path = tmp_path / "burnt.wav"
    soundfile.write(path, np.array([0.1, bad, 0.2]), 44100, subtype="FLOAT")
    with pytest.raises(AudioError, match=r"^burnt\.wav contains NaN or infinity"):
        audio_files.read(path)


@pytest.mark.parametrize("bad", [1e20, -1e300])
def test_samples_over_60_dbfs_are_refused(tmp_path: Path, bad: float) -> None:
    path = tmp_path / "burnt.wav"
    soundfile.write(path, np.array([0.1, bad, 0.2]), 44100, subtype="DOUBLE")
    level = {1e20: 400, -1e300: 6000}[bad]
    with pytest.raises(AudioError, match=rf"^burnt\.wav holds samples of \+{level} dBFS; at most \+60 dBFS"):
        audio_files.read(path)


def test_samples_of_60_dbfs_are_read(tmp_path: Path) -> None:
    path = tmp_path / "loud.wav"
    soundfile.write(path, np.array([0.1, -1000.0, 0.2]), 44100, subtype="DOUBLE")
    assert audio_files.read(path)[0].min() == -1000.0


def test_a_missing_file_a_folder_and_another_format_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match=r"^gone\.wav: there is no such file"):
        audio_files.info(tmp_path / "gone.wav")
    with pytest.raises(AudioError, match="there is no such file"):
        audio_files.info(tmp_path)
    soundfile.write(tmp_path / "next.au", tune(1, 8000).T, 8000)
    with pytest.raises(AudioError, match=r"^next\.au has the format AU, .* Convert it to WAV"):
        audio_files.info(tmp_path / "next.au")


def test_marked_padding_of_an_mp3_is_skipped(tmp_path: Path) -> None:
    audio, path = tune(2, 44100), tmp_path / "a.mp3"
    audio_files.write(path, audio, 44100)
    audio_files.mark_padding(path, 2304, 1152)
    skipped = audio_files.read(path)[0]
    assert skipped.shape[1] == audio.shape[1] - 2304 - 1152
    assert np.abs(skipped - audio[:, 2304:-1152]).max() < 0.02
    with pytest.raises(ValueError, match="at most 4095 frames"):
        audio_files.mark_padding(path, 2000, 0)
