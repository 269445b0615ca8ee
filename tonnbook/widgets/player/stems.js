// Playback with Web Audio: the tracks of one model in sync, their levels, the position and the loop. player.js is the view.

const RAMP = 0.003;              // seconds, time constant of gain changes: a switch takes 10 ms and makes no click
const FADE = 0.005;              // seconds, fade-in where playback starts inside the sound
const MEMORY = 256e6;            // bytes of decoded sound per tab; iOS closes tabs at 200-500 MB
const RATES = [48000, 44100, 32000, 24000, 22050, 16000];
const LOWEST_DB = -40;           // the low end of a fader means silence
const REQUEST_AFTER_S = 2;       // the kernel sends the sound by itself; after this time without any, the page requests it

const toGain = (db) => (db <= LOWEST_DB ? 0 : 10 ** (db / 20));

/** The rate and channels that keep all tracks within MEMORY: full quality if possible, else a lower rate, else mono. */
function decodePlan(tracks, fullRate) {
  const bytes = (rate, channels) => tracks.reduce((sum, t) => sum + t.seconds * rate * Math.min(t.channels, channels) * 4, 0);
  const rates = [fullRate, ...RATES.filter((rate) => rate < fullRate)];
  for (const channels of [2, 1]) {
    const rate = rates.find((r) => bytes(r, channels) <= MEMORY);
    if (rate) return { rate, channels };
  }
  return { rate: rates.at(-1), channels: 1 };
}

/** Decode one file at `rate`, in exactly `length` frames, so that all tracks loop and end together. */
async function decode(bytes, { rate, channels }, length) {
  const decoder = new OfflineAudioContext(1, 1, rate);   // resamples while it decodes, and requires no click first
  const sound = await decoder.decodeAudioData(bytes.slice().buffer);
  const kept = Math.min(sound.numberOfChannels, channels);
  if (sound.length === length && sound.numberOfChannels === kept) return sound;
  const fitted = new AudioBuffer({ length, numberOfChannels: kept, sampleRate: rate });
  for (let channel = 0; channel < kept; channel++) {
    const samples = sound.getChannelData(channel);
    if (kept < sound.numberOfChannels) {
      const right = sound.getChannelData(1);
      for (let n = 0; n < samples.length; n++) samples[n] = (samples[n] + right[n]) / 2;
    }
    fitted.copyToChannel(samples.length > length ? samples.subarray(0, length) : samples, channel);
  }
  return fitted;
}

/** Plays the tracks of one model: their gains, the position and the loop. Dispatches "change" events to its views. */
class Playback extends EventTarget {
  constructor(model, tracks = model.get("tracks")) {
    super();
    this.model = model;
    this.tracks = tracks;
    this.comparing = model.get("kind") === "compare";
    this.duration = Math.max(0.001, ...this.tracks.map((t) => t.seconds));
    const fullRate = Math.min(96000, Math.max(8000, ...this.tracks.map((t) => t.rate)));
    this.plan = decodePlan(this.tracks, fullRate);
    this.reduced = this.plan.rate < fullRate || this.tracks.some((t) => t.channels > this.plan.channels);
    this.strips = this.tracks.map(() => ({ solo: false, mute: false, db: 0, buffer: null, file: null }));
    Object.assign(this, { masterDb: 0, masterMuted: false, active: 0, matched: model.get("matched") !== false, loop: null, region: null });
    Object.assign(this, { graph: null, offset: 0, views: 0, problem: "", requested: {}, timers: [] });
    this.listeners = { "msg:custom": (message, buffers) => this.#onMessage(message, buffers) };
    for (const [name, listener] of Object.entries(this.listeners)) model.on(name, listener);
    this.key = JSON.stringify([model.get("kind"), this.tracks.map((t) => [t.name, t.seconds])]);
    // After a reload the kernel sends nothing by itself: a model that was ready before requests the sound at once.
    if (model.get("ready")) this.request();
    else this.timers.push(setTimeout(() => this.loaded || this.request(), REQUEST_AFTER_S * 1000));
  }

  // ---- receiving the sound

  get loaded() { return this.strips.filter((s) => s.buffer).length; }
  get ready() { return this.loaded === this.strips.length; }

  request(format = "", text = false) {
    const key = `${format}/${text}`;
    if (this.requested[key] || this.ready) return;
    this.requested[key] = true;
    this.model.send({ kind: "sounds", format, text });
  }

  async #onMessage(message, buffers) {
    if (message.kind === "play") this.play();
    else if (message.kind === "pause") this.pause();
    else if (message.kind === "seek") this.seek(message.seconds);
    else if (message.kind === "problem") this.fail(message.text);
    else if (message.kind === "sound") await this.#receive(message, buffers?.[0]);
  }

  async #receive({ index, format, bytes, base64, replaces }, view) {
    const strip = this.strips[index];
    let file = null;
    if (base64) file = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    else if (view) file = view instanceof ArrayBuffer ? new Uint8Array(view) : new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    if (file?.byteLength !== bytes) return this.request(format, true);   // this front end dropped the binary part
    const optional = this.tracks[index].optional || replaces;       // a sound that may come later, and again
    if (strip.buffer && !optional) return;
    try {
      strip.buffer = await decode(file, this.plan, Math.max(1, Math.round(this.duration * this.plan.rate)));
      strip.file = { data: file, format };
    } catch (error) {
      if (format !== "mp3") return this.request("mp3");
      return this.fail(`This browser cannot decode ${this.tracks[index].name} (${error.message}).`);
    }
    if (optional && this.graph) this.seek(this.position);
    if (this.ready) this.report({ ready: true, error: "" });
    this.changed();
  }

  /** Free the decoded sound when no view shows it any more. */
  #release() {
    this.pause();
    for (const strip of this.strips) { strip.buffer = null; strip.file = null; }
    this.requested = {};
  }

  fail(text) {
    this.problem = text;
    this.report({ error: text });
    this.changed();
  }

  // ---- playing

  get playing() { return this.graph !== null; }

  get position() {
    if (!this.graph) return this.offset;
    const linear = this.offset + Math.max(0, this.graph.context.currentTime - this.graph.when);
    if (!this.graph.loop || linear <= this.graph.loop[1]) return Math.min(linear, this.duration);
    const [start, end] = this.graph.loop;
    return start + ((linear - end) % (end - start));
  }

  get context() {
    const { rate } = this.plan;     // a context at the sound's own rate: the browser resamples once, at its output
    if (!PAGE.contexts.has(rate)) PAGE.contexts.set(rate, new AudioContext({ sampleRate: rate, latencyHint: "interactive" }));
    return PAGE.contexts.get(rate);
  }

  async play() {
    if (!this.ready || this.playing) return;
    const context = this.context;
    const resumed = context.resume();         // inside the click: browsers require a gesture before the first sound
    if (context.state !== "running") {
      const clicked = navigator.userActivation?.hasBeenActive;      // if so, only a slow sound device causes the wait
      await Promise.race([resumed, new Promise((done) => setTimeout(done, clicked ? 10000 : 1000))]);
      if (this.playing) return;                                     // pressed again in the meantime
      if (context.state !== "running") return this.fail(clicked ? "The browser cannot open its sound output." : "The browser requires a click first: press Play.");
    }
    this.problem = "";
    if (PAGE.playback !== this) PAGE.playback?.pause();
    PAGE.playback = this;
    const end = this.loop ? this.loop[1] : this.duration;
    if (this.offset > end - 0.02) this.offset = this.loop ? this.loop[0] : 0;
    this.#start(context);
    clearInterval(this.reporter);
    this.reporter = setInterval(() => this.report({ position: this.position }), 250);   // a hidden tab has no animation frames
    this.report({ playing: true, position: this.offset, error: "" });
    this.changed();
  }

  /** Start all tracks on the same sample, from this.offset. */
  #start(context) {
    const when = context.currentTime + 0.02;
    const loop = this.loop && this.offset < this.loop[1] ? this.loop : null;
    const sum = new GainNode(context, { gain: this.offset > 0 ? 0 : 1 });
    if (this.offset > 0) { sum.gain.setValueAtTime(0, when); sum.gain.linearRampToValueAtTime(1, when + FADE); }
    const master = new GainNode(context, { gain: this.masterGain() });
    sum.connect(master).connect(context.destination);
    const graph = { context, when, loop, sum, master, gains: [], nodes: [] };
    for (const [index, strip] of this.strips.entries()) {
      if (!strip.buffer) continue;
      const node = new AudioBufferSourceNode(context, { buffer: strip.buffer, loop: loop !== null });
      if (loop) [node.loopStart, node.loopEnd] = loop;
      graph.gains[index] = this.connect(node, index, graph);
      node.start(when, this.offset);
      graph.nodes.push(node);
    }
    graph.nodes[0].onended = () => { if (this.graph === graph) this.pause(this.duration); };
    this.graph = graph;
  }

  /** Connect the source of one track to the output; return the node that sets its level. */
  connect(source, index, { context, sum }) {
    const gain = new GainNode(context, { gain: this.gain(index) });
    source.connect(gain).connect(sum);
    return gain;
  }

  /** Free the nodes of a graph that has faded out. */
  disconnect(graph) { graph.master.disconnect(); }

  #stopGraph() {
    const { graph } = this;
    const { context, sum, nodes } = graph;
    const now = context.currentTime;
    sum.gain.cancelScheduledValues(now);
    sum.gain.setTargetAtTime(0, now, RAMP);
    for (const node of nodes) { node.onended = null; node.stop(now + 0.05); }
    nodes[0].onended = () => this.disconnect(graph);
    this.graph = null;
  }

  pause(at = this.position) {
    if (!this.graph) return;
    this.#stopGraph();
    this.offset = at;
    clearInterval(this.reporter);
    if (PAGE.playback === this) PAGE.playback = null;
    this.report({ playing: false, position: this.offset });
    this.changed();
  }

  toggle() { return this.playing ? this.pause() : this.play(); }

  seek(seconds) {
    if (this.graph && seconds >= this.duration) return this.pause(this.duration);
    const context = this.graph?.context;
    if (context) this.#stopGraph();
    this.offset = Math.min(this.duration, Math.max(0, seconds));
    if (context) this.#start(context);
    this.report({ position: this.offset });
    this.changed();
  }

  /** Loop on or off; without a region the whole sound. A playhead outside the loop goes to its start. */
  setLoop(on, region = this.region) {
    this.region = region && region[1] - region[0] >= 0.05 ? region : null;
    this.loop = on ? this.region ?? [0, this.duration] : null;
    const here = this.position;
    const outside = this.loop && (here < this.loop[0] || here > this.loop[1] - 0.02);
    if (this.graph || outside) this.seek(outside ? this.loop[0] : here);
    this.report({ loop: this.loop ?? [] });
    this.changed();
  }

  /** Set one end of the region at the playhead and loop it. */
  mark(end) {
    const here = this.position;
    const [start, stop] = this.region ?? [0, this.duration];
    if (end === 0) this.setLoop(true, [here, stop > here ? stop : this.duration]);
    else this.setLoop(true, [start < here ? start : 0, here]);
  }

  // ---- levels

  audible(index) {
    if (this.comparing) return index === this.active;
    return !this.strips[index].mute && (!this.strips.some((s) => s.solo) || this.strips[index].solo);
  }

  gain(index) {
    const matching = this.comparing && this.matched ? this.tracks[index].gain_db : 0;
    return this.audible(index) ? toGain(this.strips[index].db) * 10 ** (matching / 20) : 0;
  }

  masterGain() { return this.masterMuted ? 0 : toGain(this.masterDb); }

  /** Apply the gains of all strips without a click, and report them to Python and the views. */
  applyGains() {
    if (this.graph) {
      const now = this.graph.context.currentTime;
      this.graph.gains.forEach((node, index) => node?.gain.setTargetAtTime(this.gain(index), now, RAMP));
      this.graph.master.gain.setTargetAtTime(this.masterGain(), now, RAMP);
    }
    this.report(this.levels());
    this.changed();
  }

  /** The levels as Python knows them. */
  levels() {
    const named = (key) => this.tracks.filter((_, index) => this.strips[index][key]).map((t) => t.name);
    return { soloed: named("solo"), muted: named("mute"), active: this.comparing ? this.tracks[this.active].name : "", matched: this.matched };
  }

  // ---- Python and the views

  report(state) {
    const { model } = this;
    this.reporting = true;
    for (const [name, value] of Object.entries(state)) {
      if (JSON.stringify(model.get(name)) !== JSON.stringify(value)) model.set(name, value);
    }
    this.reporting = false;
    if ("position" in state) PAGE.positions.set(this.key, state.position);   // for a cell that is run again
    model.save_changes();
  }

  changed() { this.dispatchEvent(new Event("change")); }

  viewAttached() {
    this.views += 1;
    clearTimeout(this.releasing);
    if (!this.loaded && this.model.get("ready")) this.request();
  }

  viewDetached() {
    this.views -= 1;
    if (this.views > 0) return;
    this.pause();
    this.releasing = setTimeout(() => this.#release(), 15000);   // a view that only moves is attached again at once
  }

  close() {
    for (const timer of this.timers) clearTimeout(timer);
    clearTimeout(this.releasing);
    for (const [name, listener] of Object.entries(this.listeners)) this.model.off(name, listener);
    this.#release();
  }
}
