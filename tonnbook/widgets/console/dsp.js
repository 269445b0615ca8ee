// The studio's processing in the browser: the same equations in double precision. The audio worklet gets these functions as text.

/** Filters, compressor and pan law, as in tonnbook/dsp: filters.py, dynamics.py, stereo.py. */
function studioEquations() {
  const KNEE = 6;

  /** A filter as [b0, b1, b2, a1, a2]. */
  const section = (b0, b1, b2, a0, a1, a2) => [b0 / a0, b1 / a0, b2 / a0, a1 / a0, a2 / a0];
  const angle = (hz, rate) => (2 * Math.PI * Math.min(hz, 0.49 * rate)) / rate;

  function bell([hz, db, q], rate) {
    if (!db) return [1, 0, 0, 0, 0];
    const w = angle(hz, rate), a = 10 ** (db / 40), alpha = Math.sin(w) / (2 * q), c = -2 * Math.cos(w);
    return section(1 + alpha * a, c, 1 - alpha * a, 1 + alpha / a, c, 1 - alpha / a);
  }

  /** Butterworth, second order. */
  function highPass(hz, rate) {
    const w = angle(hz, rate), alpha = Math.sin(w) * Math.SQRT1_2, b = (1 + Math.cos(w)) / 2;
    return section(b, -2 * b, b, 1 + alpha, -2 * Math.cos(w), 1 - alpha);
  }

  /** The gain of a filter in dB at a frequency. */
  function responseDb([b0, b1, b2, a1, a2], hz, rate) {
    const w = (2 * Math.PI * hz) / rate, c1 = Math.cos(w), s1 = Math.sin(w), c2 = Math.cos(2 * w), s2 = Math.sin(2 * w);
    const power = (x0, x1, x2) => (x0 + x1 * c1 + x2 * c2) ** 2 + (x1 * s1 + x2 * s2) ** 2;
    return 10 * Math.log10(power(b0, b1, b2) / power(1, a1, a2));
  }

  /** Gain reduction in dB of a steady level. */
  function reductionDb(levelDb, threshold, ratio) {
    const over = levelDb - threshold;
    const bent = Math.min(Math.max(over + KNEE / 2, 0), KNEE) ** 2 / (2 * KNEE);
    return (1 - 1 / ratio) * (Math.max(over - KNEE / 2, 0) + bent);
  }

  /** What left and right get of left and right: [ll, lr, rl, rr]. A mono sound is on both. */
  function panMatrix(deg, mono) {
    if (deg === 0) return [1, 0, 0, 1];
    const theta = ((deg + 60) / 120) * (Math.PI / 2);
    const left = Math.SQRT2 * Math.cos(theta), right = Math.SQRT2 * Math.sin(theta);
    if (mono) return [left, 0, 0, right];
    const side = 1 - (0.7 * Math.abs(deg)) / 60;
    return [(left + side) / 2, (left - side) / 2, (right - side) / 2, (right + side) / 2];
  }

  /** A compressor: the reduction of each level follows the static curve with attack and release. */
  class Compressor {
    constructor(rate) { this.rate = rate; this.held = 0; this.smooth = 0; this.set([0, 1, 15, 120]); }

    set([threshold, ratio, attack, release]) {
      Object.assign(this, { threshold, ratio, on: ratio > 1, quiet: 10 ** ((threshold - KNEE / 2) / 20) });
      this.attack = Math.exp(-1000 / (attack * this.rate));
      this.fall = Math.exp(-1000 / (release * this.rate));
    }

    /** Take the next level, linear; return the reduction in dB. */
    next(level) {
      let held = this.held * this.fall;
      if (this.on && level > this.quiet) held = Math.max(held, reductionDb(20 * Math.log10(level), this.threshold, this.ratio));
      this.held = held < 1e-11 ? 0 : held;
      this.smooth = this.held + this.attack * (this.smooth - this.held);
      if (this.smooth < 1e-11) this.smooth = 0;
      return this.smooth;
    }
  }

  return { bell, highPass, responseDb, reductionDb, panMatrix, Compressor };
}

/** The processors of the audio worklet: the strips of all tracks, and the mix bus. */
function defineProcessors(equations) {
  const RAMP = 1024;                // frames in which a filter moves to its new coefficients
  const STEP = 0.2;                 // share of the way to the new level per 128 frames: a time constant of 13 ms
  const HOP = 2048;                 // frames between two reports of the meters
  const NEPER = Math.LN10 / 20;
  const { bell, highPass, panMatrix, Compressor } = equations();

  /** One second-order section on two channels. */
  class Section {
    constructor() { this.now = [1, 0, 0, 0, 0]; this.to = this.now; this.left = 0; this.state = [0, 0, 0, 0]; }

    set(to, smooth) {
      if (to.every((x, n) => x === this.to[n])) return;
      this.to = to;
      this.left = smooth ? RAMP : 0;
      if (smooth) this.step = to.map((x, n) => (x - this.now[n]) / RAMP);
      else this.now = to;
    }

    process(sound, channels) {
      let [b0, b1, b2, a1, a2] = this.now;
      if (!this.left && b0 === 1 && b1 === 0 && a1 === 0) return;
      const [d0, d1, d2, d3, d4] = this.left ? this.step : [0, 0, 0, 0, 0];
      for (let channel = 0; channel < channels; channel++) {
        const samples = sound[channel];
        [b0, b1, b2, a1, a2] = this.now;
        let s1 = this.state[2 * channel], s2 = this.state[2 * channel + 1];
        for (let n = 0; n < samples.length; n++) {
          const x = samples[n], y = b0 * x + s1;
          s1 = b1 * x - a1 * y + s2;
          s2 = b2 * x - a2 * y;
          samples[n] = y;
          b0 += d0; b1 += d1; b2 += d2; a1 += d3; a2 += d4;
        }
        this.state[2 * channel] = Math.abs(s1) < 1e-30 ? 0 : s1;
        this.state[2 * channel + 1] = Math.abs(s2) < 1e-30 ? 0 : s2;
      }
      if (this.left) {
        this.left -= sound[0].length;
        this.now = this.left > 0 ? [b0, b1, b2, a1, a2] : this.to;
        this.left = Math.max(0, this.left);
      }
    }
  }

  class Strip {
    constructor(rate, lowCut) {
      this.rate = rate;
      this.cut = new Section();
      if (lowCut) this.cut.set(highPass(lowCut, rate), false);
      this.bands = Array.from({ length: 6 }, () => new Section());
      this.compressor = new Compressor(rate);
      this.matrix = [0, 0, 0, 0];
      this.sound = [new Float64Array(128), new Float64Array(128)];
      this.peak = 0;
      this.reduction = 0;
    }

    set({ gain, pan, eq, compression, send, mono }, smooth) {
      this.bands.forEach((band, n) => band.set(bell(eq[n] ?? [1000, 0, 1], this.rate), smooth));
      this.compressor.set(compression);
      this.target = panMatrix(pan, mono).map((x) => x * gain);
      if (!smooth) this.matrix = this.target;
      this.send = send;
      this.channels = mono ? 1 : 2;
    }

    /** Add the next frames of the recording to the sums of the dry and of the sent sound. */
    process(input, dry, wet) {
      const { sound, channels } = this, frames = dry[0].length;
      for (let channel = 0; channel < channels; channel++) {
        const given = input[Math.min(channel, input.length - 1)];
        if (given) sound[channel].set(given); else sound[channel].fill(0);
      }
      this.cut.process(sound, channels);
      for (const band of this.bands) band.process(sound, channels);
      const first = sound[0], second = sound[channels - 1];
      let [ll, lr, rl, rr] = this.matrix;
      const next = this.matrix.map((x, n) => (Math.abs(this.target[n] - x) < 1e-5 ? this.target[n] : x + STEP * (this.target[n] - x)));
      const [dll, dlr, drl, drr] = next.map((x, n) => (x - this.matrix[n]) / frames);
      let { peak, reduction } = this;
      for (let n = 0; n < frames; n++) {
        let left = first[n], right = second[n];
        const less = this.compressor.next(Math.max(Math.abs(left), Math.abs(right)));
        if (less) { const gain = Math.exp(-NEPER * less); left *= gain; right *= gain; }
        const outLeft = ll * left + lr * right, outRight = rl * left + rr * right;
        ll += dll; lr += dlr; rl += drl; rr += drr;
        dry[0][n] += outLeft;
        dry[1][n] += outRight;
        if (this.send) { wet[0][n] += this.send * outLeft; wet[1][n] += this.send * outRight; }
        peak = Math.max(peak, Math.abs(outLeft), Math.abs(outRight));
        reduction = Math.max(reduction, less);
      }
      Object.assign(this, { matrix: next, peak, reduction });
    }
  }

  class Strips extends AudioWorkletProcessor {
    constructor({ processorOptions: { settings, lowCut, frames } }) {
      super();
      this.strips = settings.map(() => new Strip(sampleRate, lowCut));
      this.done = 0;
      this.frames = frames;          // of an offline render, whose reports are sent together
      this.reports = [];
      this.sums = [0, 1, 2, 3].map(() => new Float64Array(128));
      this.set(settings, false);
      this.port.onmessage = ({ data }) => { if (data === "stop") this.stopped = true; else this.set(data, true); };
    }

    set(settings, smooth) { settings.forEach((each, n) => this.strips[n].set(each, smooth)); }

    process(inputs, [dry, wet]) {
      if (this.stopped) return false;
      for (const sum of this.sums) sum.fill(0);
      const [dryLeft, dryRight, wetLeft, wetRight] = this.sums;
      this.strips.forEach((strip, n) => strip.process(inputs[n], [dryLeft, dryRight], [wetLeft, wetRight]));
      dry[0].set(dryLeft); dry[1].set(dryRight); wet[0].set(wetLeft); wet[1].set(wetRight);
      this.done += 128;
      if (this.done % HOP === 0 || this.done >= this.frames) this.report();
      return true;
    }

    report() {
      const report = { peaks: this.strips.map((strip) => strip.peak), reductions: this.strips.map((strip) => strip.reduction) };
      for (const strip of this.strips) { strip.peak = 0; strip.reduction = 0; }
      if (!this.frames) return this.port.postMessage(report);
      this.reports.push(report);
      if (this.done >= this.frames && this.done < this.frames + 128) this.port.postMessage(this.reports);
    }
  }

  class Bus extends AudioWorkletProcessor {
    constructor({ processorOptions: { compression, limit, gain } }) {
      super();
      this.compressor = new Compressor(sampleRate);
      this.compressor.set(compression);
      Object.assign(this, { limit, gain });
      this.port.onmessage = () => { this.stopped = true; };
    }

    process([dry, wet], [output]) {
      const { compressor, limit, gain } = this, [outLeft, outRight] = output;
      for (let n = 0; n < outLeft.length; n++) {
        const left = (dry[0]?.[n] ?? 0) + (wet[0]?.[n] ?? 0), right = (dry[1]?.[n] ?? 0) + (wet[1]?.[n] ?? 0);
        const less = Math.min(compressor.next(Math.max(Math.abs(left), Math.abs(right))), limit);
        const total = gain * Math.exp(-NEPER * less);
        outLeft[n] = left * total;
        outRight[n] = right * total;
      }
      return !this.stopped;
    }
  }

  registerProcessor("tonnbook-strips", Strips);
  registerProcessor("tonnbook-bus", Bus);
}

const EQUATIONS = studioEquations();
