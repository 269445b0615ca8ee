// The mix in the browser: all recordings through the studio's processing, beside the preview and the rendered mix, in step.

const ANALYSIS_PAUSE_MS = 400;    // the mix is measured again after this pause in editing
const MODES = ["preview", "mine", "rendered"];

/** The changes as text, in one order of tracks and settings. */
const inOrder = (values) => JSON.stringify(Object.entries(values).map(([name, change]) => [name, Object.entries(change).sort()]).sort());

/** Integrated loudness of a stereo sound in LUFS (BS.1770, as tonnbook/dsp/loudness.py). */
function loudness(sound) {
  const rate = sound.sampleRate, hop = Math.round(rate / 10);
  let k = Math.tan((Math.PI * 1681.974450955533) / rate);
  const q = 0.7071752369554196, high = 10 ** (3.999843853973347 / 20), band = high ** 0.4996667741545416, a0 = 1 + k / q + k * k;
  const shelf = [(high + (band * k) / q + k * k) / a0, (2 * (k * k - high)) / a0, (high - (band * k) / q + k * k) / a0, (2 * (k * k - 1)) / a0, (1 - k / q + k * k) / a0];
  k = Math.tan((Math.PI * 38.13547087602444) / rate);
  const b0 = 1 + k / 0.5003270373238773 + k * k;
  const cut = [1, -2, 1, (2 * (k * k - 1)) / b0, (1 - k / 0.5003270373238773 + k * k) / b0];
  const powers = new Float64Array(Math.floor(sound.length / hop));
  for (let channel = 0; channel < sound.numberOfChannels; channel++) {
    const samples = sound.getChannelData(channel), state = [0, 0, 0, 0];
    for (let n = 0; n < powers.length * hop; n++) {
      const x = samples[n], y = shelf[0] * x + state[0];
      state[0] = shelf[1] * x - shelf[3] * y + state[1];
      state[1] = shelf[2] * x - shelf[4] * y;
      const z = y + state[2];
      state[2] = -2 * y - cut[3] * z + state[3];
      state[3] = y - cut[4] * z;
      powers[Math.floor(n / hop)] += (z * z) / hop;
    }
  }
  const level = (power) => -0.691 + 10 * Math.log10(power);
  const mean = (values) => values.reduce((sum, x) => sum + x, 0) / values.length;
  const blocks = Array.from({ length: Math.max(0, powers.length - 3) }, (_, n) => mean(powers.subarray(n, n + 4)));
  const loud = blocks.filter((power) => level(power) > -70);
  const gated = loud.filter((power) => level(power) > level(mean(loud)) - 10);
  return gated.length ? level(mean(gated)) : null;
}

/** Plays the console: `values` are the changes by track, edited here at once and sent to Python when an edit is complete. */
class ConsolePlayback extends Playback {
  constructor(model) {
    super(model, model.get("sounds"));
    this.sources = model.get("strips");
    this.values = model.get("value");
    Object.assign(this, { mode: "mine", room: null, lufs: {}, meters: null, reductions: null, worklet: true });
    this.mixing = model.get("mixing");
    this.more = {
      "msg:custom": (message, buffers) => this.#receiveMore(message, buffers),
      "change:value": () => { this.values = model.get("value"); this.edited(); this.analyse(); },
      "change:soloed": () => this.#solo(),
      "change:mode": () => this.choose(model.get("mode")),
      "change:matched": () => { this.matched = model.get("matched"); this.applyGains(); },
    };
    for (const [name, listener] of Object.entries(this.more)) model.on(name, listener);
    this.#solo();
    model.send({ kind: "shown" });
  }

  get ready() { return Boolean(this.sources) && this.strips.every((strip, n) => strip.buffer || this.tracks[n].optional) && Boolean(this.room || !this.mixing.room); }

  #receiveMore({ kind, base64, lufs, index, of }, buffers) {
    if (kind === "room") {
      const bytes = base64 ? Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)) : new Uint8Array(buffers[0].buffer ?? buffers[0], buffers[0].byteOffset ?? 0, buffers[0].byteLength);
      this.room = new Float32Array(bytes.slice().buffer);
    } else if (kind === "sound" && index >= this.sources.length) {
      if (this.tracks[index].optional) this.renderedOf = inOrder(of);
      this.lufs[this.tracks[index].name] = lufs;
    } else return;
    this.changed();
  }

  #solo() {
    const soloed = this.model.get("soloed");
    this.sources.forEach(({ name }, n) => { this.strips[n].solo = soloed.includes(name); });
    this.edited();
  }

  // ---- settings

  /** The settings of one track: the preview's with the changes. */
  strip(index) {
    const { name, base } = this.sources[index], change = this.values[name] ?? {};
    return { ...base, ...change, gain_db: change.gain_db ?? 0, muted: change.muted ?? false };
  }

  /** What the processors take. */
  settings() {
    return this.sources.map(({ base, send_db: send }, n) => {
      const { gain_db: offset, muted, pan_deg: pan, eq, compression } = this.strip(n);
      const gain = this.audible(n) ? 10 ** ((base.gain_db + (muted ? this.mixing.muted_db : offset)) / 20) : 0;
      return { gain, pan, eq, compression, send: send === null ? 0 : 10 ** (send / 20), mono: this.tracks[n].channels === 1 };
    });
  }

  /** Mute is part of the mix, so it is in the settings; solo is for listening. */
  audible(index) { return !this.strips.some((s) => s.solo) || this.strips[index].solo; }

  /** Change settings of a track: heard at once; `done` sends them to Python, as one step of undo. */
  edit(index, change, done) {
    const { name } = this.sources[index];
    this.values = { ...this.values, [name]: { ...this.values[name], ...change } };
    this.edited();
    if (!done) return;
    this.model.set("value", this.values);
    this.model.save_changes();
    this.analyse();
  }

  /** Restore the preview's settings of tracks, all or the named ones: one step of undo. */
  restore(tracks, settings = null) {
    const values = { ...this.values };
    for (const track of tracks) {
      values[track] = settings ? Object.fromEntries(Object.entries(values[track] ?? {}).filter(([name]) => !settings.includes(name))) : {};
    }
    this.values = values;
    this.edit(0, {}, true);
  }

  /** Whether a track, or one of its settings, differs from the preview. */
  differs(index, setting = null) {
    const { name, base } = this.sources[index], change = this.values[name] ?? {};
    const used = (eq) => JSON.stringify(eq.filter(([, db]) => db));
    const same = { gain_db: (db) => db === 0, muted: (on) => !on, pan_deg: (deg) => deg === base.pan_deg, eq: (bands) => used(bands) === used(base.eq), compression: (values) => JSON.stringify(values) === JSON.stringify(base.compression) };
    return Object.entries(change).some(([key, value]) => (setting === null || key === setting) && !same[key](value));
  }

  /** Apply the settings to what is heard, once per frame. */
  edited() {
    this.pending ??= requestAnimationFrame(() => {
      this.pending = null;
      this.graph?.engine?.strips.port.postMessage(this.settings());
    });
    this.changed();
  }

  // ---- sound

  /** Build the processing in a context: recordings go into `strips`, the mix comes out of `bus`. */
  async #load(context) {
    PAGE.worklets ??= new WeakMap();
    if (!PAGE.worklets.has(context)) {
      const text = `(${defineProcessors})(${studioEquations})`;
      const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
      PAGE.worklets.set(context, context.audioWorklet.addModule(url).finally(() => URL.revokeObjectURL(url)));
    }
    await PAGE.worklets.get(context);
  }

  #engine(context, settings, frames = 0) {
    const { bus, limit_db: limit, trim_db: trim, low_cut_hz: lowCut } = this.mixing;
    const strips = new AudioWorkletNode(context, "tonnbook-strips", {
      numberOfInputs: settings.length, numberOfOutputs: 2, outputChannelCount: [2, 2], processorOptions: { settings, lowCut, frames },
    });
    const output = new AudioWorkletNode(context, "tonnbook-bus", {
      numberOfInputs: 2, numberOfOutputs: 1, outputChannelCount: [2], processorOptions: { compression: bus, limit, gain: 10 ** (trim / 20) },
    });
    strips.connect(output, 0, 0);
    if (this.room) {
      const length = this.room.length / 2;
      const buffer = new AudioBuffer({ length, numberOfChannels: 2, sampleRate: context.sampleRate });
      for (const channel of [0, 1]) buffer.copyToChannel(this.room.subarray(channel * length, (channel + 1) * length), channel);
      const convolver = new ConvolverNode(context, { disableNormalization: true, buffer });
      strips.connect(convolver, 1).connect(output, 0, 1);
    }
    return { strips, output };
  }

  async play() {
    if (!this.ready || this.playing) return;
    try {
      await this.#load(this.context);
    } catch (error) {
      this.worklet = false;      // a page without https, or one that forbids worklets
      this.problem = `This page does not allow audio worklets (${error.message}): only the preview and rendered mixes can be heard.`;
      if (this.mode === "mine") this.mode = "preview";
    }
    await super.play();
  }

  connect(source, index, graph) {
    if (index >= this.sources.length) return super.connect(source, index, graph);
    if (!this.worklet) return null;
    if (!graph.engine) {
      graph.engine = this.#engine(graph.context, this.settings());
      graph.engine.strips.port.onmessage = ({ data }) => { this.meters = data; };
      graph.mine = new GainNode(graph.context, { gain: this.#modeGain("mine") });
      graph.engine.output.connect(graph.mine).connect(graph.sum);
    }
    source.connect(graph.engine.strips, 0, index);
    return null;
  }

  disconnect(graph) {
    super.disconnect(graph);
    graph.engine?.strips.port.postMessage("stop");
    graph.engine?.output.port.postMessage("stop");
    this.meters = null;
  }

  /** The gain that makes a mode as loud as the quietest. */
  #modeGain(mode) {
    if (mode !== this.mode) return 0;
    return 10 ** (this.matchDb(mode) / 20);
  }

  matchDb(mode) {
    const known = MODES.map((each) => this.lufs[each]).filter((lufs) => lufs !== undefined && lufs !== null);
    return this.matched && known.length > 1 && Number.isFinite(this.lufs[mode]) ? Math.min(...known) - this.lufs[mode] : 0;
  }

  gain(index) { return this.#modeGain(this.tracks[index].name); }

  applyGains() {
    const { graph } = this;
    graph?.mine?.gain.setTargetAtTime(this.#modeGain("mine"), graph.context.currentTime, RAMP);
    this.edited();
    super.applyGains();
  }

  levels() { return { soloed: this.sources.filter((_, n) => this.strips[n].solo).map(({ name }) => name), mode: this.mode, matched: this.matched }; }

  /** Whether a mode can be heard. */
  has(mode) { return mode === "mine" ? this.worklet : Boolean(this.strips[this.tracks.findIndex(({ name }) => name === mode)]?.buffer); }

  /** Whether the rendered mix has other settings than there are now. */
  get outdated() { return this.has("rendered") && this.renderedOf !== inOrder(this.model.get("value")); }

  choose(mode) {
    if (!MODES.includes(mode) || (this.ready && !this.has(mode))) return;
    this.mode = mode;
    this.applyGains();
  }

  // ---- measuring

  /** Render the mix without playing it: the sound, and the gain reduction of each track in dB every 2048 frames. */
  async render() {
    const { rate } = this.plan, length = this.strips[0].buffer.length;
    const context = new OfflineAudioContext(2, length, rate);
    await this.#load(context);
    const solo = this.strips.map((strip) => strip.solo);
    this.strips.forEach((strip) => { strip.solo = false; });
    const settings = this.settings();
    this.strips.forEach((strip, n) => { strip.solo = solo[n]; });
    const { strips, output } = this.#engine(context, settings, length);
    const reported = new Promise((done) => { strips.port.onmessage = ({ data }) => done(data); });
    output.connect(context.destination);
    this.sources.forEach((_, n) => {
      const source = new AudioBufferSourceNode(context, { buffer: this.strips[n].buffer });
      source.connect(strips, 0, n);
      source.start();
    });
    const sound = await context.startRendering();
    return { sound, reports: await reported };
  }

  /** Measure the loudness of the mix and the gain reductions, after a pause in editing. */
  analyse() {
    clearTimeout(this.analysing);
    this.analysing = setTimeout(async () => {
      this.analysing = null;
      if (!this.ready || !this.worklet || this.busy) return;
      this.busy = true;
      const values = JSON.stringify(this.values);
      try {
        const { sound, reports } = await this.render();
        this.lufs.mine = loudness(sound);
        this.reductions = this.sources.map((_, n) => reports.map((report) => report.reductions[n]));
      } catch (error) {
        this.worklet = false;
      }
      this.busy = false;
      this.applyGains();
      if (values !== JSON.stringify(this.values)) this.analyse();
    }, ANALYSIS_PAUSE_MS);
  }

  changed() {
    if (this.ready && !this.reductions && !this.analysing && !this.busy && this.worklet) this.analyse();
    super.changed();
  }

  close() {
    clearTimeout(this.analysing);
    for (const [name, listener] of Object.entries(this.more)) this.model.off(name, listener);
    super.close();
  }
}
