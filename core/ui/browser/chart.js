// Draws one Plotly figure once and lets it glide: every later change is an animation, not a new drawing.
// With `frames` it is also the player: the trajectory is here, so playing needs no server; the step is reported back.

const COLOURS = __COLOURS__;
const GLIDE_MS = 450;
const PLAY_MS = 260;
const REPORT_MS = 700;
const COMPACT_PX = 560;

class Lab {
  constructor(root) {
    this.root = root;
    this.plot = root.querySelector(".pg-plot");
    this.drawn = null;
    this.step = 0;
    this.seen = null;
    this.wanted = null;
    this.timer = null;
    this.lastReport = 0;
    this.queue = Promise.resolve();
    this.bind();
  }

  bind() {
    const on = (name, handler) => this.root.querySelector(`[data-do="${name}"]`)?.addEventListener("click", handler);
    on("reset", () => this.go(0));
    on("back", () => this.go(this.step - 1));
    on("step", () => this.primary());
    on("play", () => (this.timer ? this.pause() : this.play()));
    on("text", () => this.toggleText());
    on("png", () => this.save("png"));
    on("svg", () => this.save("svg"));
    this.scrub = this.root.querySelector(".pg-scrub");
    this.scrub?.addEventListener("input", () => this.go(Number(this.scrub.value), { glide: 120, scrub: true }));
    this.onKey = (event) => {
      if (!this.hasPlayer || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (event.target.closest("input:not(.pg-scrub), textarea, select, [contenteditable], [role=slider], [role=combobox], [role=option], [role=listbox]")) return;
      const action = { n: () => this.go(this.step + 1), b: () => this.go(this.step - 1), 0: () => this.go(0), p: () => (this.timer ? this.pause() : this.play()) }[event.key];
      if (!action) return;
      event.preventDefault();
      action();
    };
    document.addEventListener("keydown", this.onKey);
    this.resize = new ResizeObserver(() => this.onResize());
    this.resize.observe(this.plot);
    this.themeWatch = setInterval(() => {
      const { theme, scale } = this;
      if (!this.data || !this.drawn) return;
      this.measure();
      if (theme !== this.theme || scale !== this.scale) this.draw(true);
    }, 800);
  }

  update(component) {
    const { data, setStateValue } = component;
    this.report = data.quiet ? () => {} : setStateValue;
    const first = !this.data;
    this.data = data;
    this.hasPlayer = data.frames.length > 0;
    this.root.classList.toggle("pg-has-player", this.hasPlayer);
    if (first || data.token !== this.seen) {
      this.seen = data.token;
      this.step = data.step;
      if (!first) this.pause(false);
    }
    this.step = Math.min(this.step, Math.max(data.frames.length - 1, 0));
    if (this.wanted !== null && (this.wanted.step < data.frames.length || data.ended)) {
      const { step, play } = this.wanted;
      this.wanted = null;
      this.root.classList.remove("pg-waiting");
      this.step = Math.min(step, data.frames.length - 1);
      this.later(() => { this.tell(); if (play) this.play(); });
    }
    this.words();
    this.draw(first);
  }

  later(action) { setTimeout(action, 0); }

  words() {
    const { data } = this;
    const set = (selector, text) => { const node = this.root.querySelector(selector); if (node && node.textContent !== text) node.textContent = text; };
    set(".pg-title", data.title);
    set(".pg-badge", data.badge);
    this.root.querySelector(".pg-badge").className = `pg-badge pg-${data.badge}`;
    this.root.querySelector(".pg-badge").title = data.badge_help;
    const hand = this.root.querySelector(".pg-hand");
    const kept = data.recordings.length ? [`recorded: ${data.recordings.join(", ")}`] : [];
    const made = data.illustrations.length ? [`by hand: ${data.illustrations.join(", ")}`] : [];
    hand.hidden = kept.length + made.length === 0;
    hand.textContent = [...kept, ...made].join(" · ");
    hand.title = "by hand: an illustration, chosen and not computed; recorded: a real run, kept with its settings";
    set(".pg-text", data.text);
    this.plot.setAttribute("aria-label", data.text);
    this.speak();
    if (!this.hasPlayer) return;
    this.scrub.max = String(data.horizon);
    this.showStep();
  }

  // What the policy answers at this step; an answer that differs from the one before is lit for a moment.
  speak() {
    const list = this.root.querySelector(".pg-spoken");
    const pairs = (this.data.spoken || [])[Math.min(this.step, (this.data.spoken || []).length - 1)] || [];
    list.hidden = pairs.length === 0;
    while (list.children.length > 2 * pairs.length) list.lastChild.remove();
    pairs.forEach(([prompt, answer], i) => {
      if (list.children.length < 2 * i + 2) for (const tag of ["dt", "dd"]) list.append(document.createElement(tag));
      const [asked, said] = [list.children[2 * i], list.children[2 * i + 1]];
      asked.textContent = prompt;
      if (said.textContent === answer) return;
      const lit = said.textContent !== "" && !calm();
      said.textContent = answer;
      if (lit) said.animate([{ backgroundColor: "color-mix(in srgb, var(--pg-optimum) 38%, transparent)" }, { backgroundColor: "transparent" }], 900);
    });
  }

  showStep() {
    if (!this.hasPlayer) return;
    this.speak();
    this.scrub.value = String(this.step);
    this.scrub.setAttribute("aria-valuetext", `step ${this.step} of ${this.data.horizon}`);
    this.root.querySelector(".pg-count").textContent = `${this.step} / ${this.data.horizon}`;
    this.root.querySelector('[data-do="back"]').disabled = this.step <= 0;
    this.root.querySelector('[data-do="reset"]').disabled = this.step <= 0;
    const end = this.step >= this.last();
    const step = this.root.querySelector('[data-do="step"]');
    step.disabled = end && !this.data.primary;
    step.firstChild.textContent = this.data.primary || "Step";
    step.title = this.data.primary ? "run it" : "one step on (N)";
    const play = this.root.querySelector('[data-do="play"]');
    play.classList.toggle("pg-playing", this.timer !== null);
    play.setAttribute("aria-label", this.timer ? "pause" : "play");
    play.title = this.timer ? "pause (P)" : "play (P)";
    play.disabled = end && !this.timer;
  }

  last() { return this.data.ended ? this.data.frames.length - 1 : this.data.horizon; }

  go(step, { glide = GLIDE_MS, playing = false, scrub = false } = {}) {
    step = Math.max(0, Math.min(step, this.last()));
    if (!playing) this.pause(false);
    if (step >= this.data.frames.length) {
      this.ask(step, playing);
      return;
    }
    if (step !== this.step) {
      this.step = step;
      this.animate(glide);
    }
    this.showStep();
    if (playing || scrub) this.tellSoon();
    else this.tell();
  }

  ask(step, play) {
    this.wanted = { step, play };
    this.root.classList.add("pg-waiting");
    this.report("ahead", play ? this.data.horizon : Math.min(step + 3, this.data.horizon));
  }

  // The large button: one step on, or for a chart with a named run ("Fit") the whole run from its start.
  primary() {
    if (!this.data.primary) return this.go(this.step + 1);
    if (this.step >= this.last()) { this.step = 0; this.animate(120); }
    if (!this.timer) this.play();
  }

  play() {
    const waitFor = Math.min(this.data.horizon, this.last());
    if (this.data.frames.length <= waitFor && !this.data.ended) {
      this.ask(Math.min(this.step + 1, waitFor), true);
      return;
    }
    const pace = this.data.play_ms || PLAY_MS;
    const tick = () => {
      this.go(this.step + 1, { glide: pace - 20, playing: true });
      if (this.step >= this.last()) this.pause();
    };
    this.timer = setInterval(tick, pace);
    tick();
  }

  pause(tell = true) {
    if (!this.timer) return;
    clearInterval(this.timer);
    this.timer = null;
    this.showStep();
    if (tell) this.tell();
  }

  tell() {
    clearTimeout(this.soon);
    this.soon = null;
    this.lastReport = performance.now();
    this.report("step", this.step);
  }

  tellSoon() {
    if (this.soon) return;
    const wait = Math.max(0, REPORT_MS - (performance.now() - this.lastReport));
    this.soon = setTimeout(() => this.tell(), wait);
  }

  frame() { return this.data.frames[this.step] || {}; }

  // Asking the browser for sizes and colours makes it lay out the whole page anew, so it is asked only when they may change.
  measure() {
    this.theme = themeNow();
    this.isCompact = this.plot.clientWidth < COMPACT_PX;
    this.scale = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
  }

  figure() {
    if (!this.theme) this.measure();
    const { figure, compact, wide_only } = this.data;
    const colours = COLOURS[this.theme];
    const data = paint(structuredClone(figure.data), colours);
    const layout = paint(structuredClone(figure.layout), colours);
    for (const [trace, arrays] of Object.entries(this.frame())) Object.assign(data[trace], paint(structuredClone(arrays), colours));
    if (this.isCompact) {
      for (const [path, value] of Object.entries(compact)) setPath(layout, path, paint(value, colours));
      for (const trace of wide_only) {
        data[trace].visible = false;
        const axis = (data[trace].xaxis || "x").replace("x", "xaxis");
        layout[axis] = { ...(layout[axis] || {}), visible: false };
        const upright = (data[trace].yaxis || "y").replace("y", "yaxis");
        if (data[trace].yaxis && data[trace].yaxis !== "y") layout[upright] = { ...(layout[upright] || {}), visible: false };
        const ref = data[trace].xaxis;
        layout.shapes = (layout.shapes || []).filter((s) => s.xref !== ref);
        layout.annotations = (layout.annotations || []).filter((a) => !String(a.xref).startsWith(`${ref} `));
      }
    }
    if (this.isCompact) for (const note of layout.annotations || []) if (note.y < 0.2) note.font = { ...note.font, size: 9 };
    // Plotly would set an axis title larger than every other word of the chart.
    for (const [name, axis] of Object.entries(layout)) if (/^[xy]axis/.test(name) && axis?.title?.text) axis.title.font = { size: 12.5, ...axis.title.font };
    const { scale } = this;
    const font = { family: "Inter, sans-serif", color: colours.text, size: 13, ...(layout.font || {}) };
    Object.assign(layout, {
      font, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      height: Math.round(((this.isCompact && compact.height) || this.data.height) * (scale > 1.15 ? scale * 1.08 : 1)), autosize: true, dragmode: false, hovermode: "closest",
      hoverlabel: { font: { family: "Inter, sans-serif" } },
    });
    if (scale > 1.15) {
      grow(layout, scale);
      // Words inside the picture grow too; those without a size of their own follow the layout's.
      const grown = (size) => (Array.isArray(size) ? size.map(grown) : size * scale);
      for (const { textfont, insidetextfont } of data) for (const font of [textfont, insidetextfont]) if (font?.size) font.size = grown(font.size);
    }
    return { data, layout };
  }

  draw(force) {
    // Without motion there is nothing to hurry for: one drawing, and it is the final one.
    if (!force && !calm() && this.drawn && window.Plotly && this.move()) return;
    this.queue = this.queue.then(() => this.drawNow(force)).catch((error) => {
      this.root.querySelector(".pg-problem").textContent = `The chart could not be drawn: ${error.message}.`;
    });
  }

  // Where only numbers differ, bars move at once and before anything else on the page is drawn: no promise is waited for.
  // What touches the small axes and notes comes when they have arrived, because it costs far more.
  move() {
    const wanted = this.figure();
    if (this.repaints() || this.drawn.shape !== withoutArrays(wanted.data) || this.drawn.frame !== frameOf(wanted.layout)) return false;
    this.glide(window.Plotly, wanted.data, GLIDE_MS);
    if (this.drawn.layout !== JSON.stringify(wanted.layout)) this.settleLater();
    return true;
  }

  async drawNow(force) {
    const Plotly = await loadPlotly();
    this.stopTween();
    const wanted = this.figure();
    const first = !this.drawn;
    this.remember(wanted); // before Plotly fills in its own defaults
    if (!first && !force && this.repaints()) return Plotly.react(this.plot, wanted.data, wanted.layout);
    if (first || force) {
      await Plotly.newPlot(this.plot, wanted.data, wanted.layout, { displayModeBar: false, responsive: false });
      if (first) this.plot.on("plotly_click", (event) => this.onClick(event));
      this.root.dataset.painted = "yes";
      if (first && this.data.autoplay && !calm()) this.later(() => this.play());
      return;
    }
    // New labels or a new main axis at once, bars still where they were; then they glide.
    const arrays = (trace, i) => {
      const before = this.plot.data[i];
      const same = !calm() && before && before.type === trace.type && before.x?.length === trace.x?.length;
      return same ? { ...trace, x: before.x, y: trace.y } : trace;
    };
    await Plotly.react(this.plot, wanted.data.map(arrays), wanted.layout);
    this.glide(Plotly, wanted.data, GLIDE_MS);
  }

  remember({ data, layout }) {
    this.drawn = { shape: withoutArrays(data), layout: JSON.stringify(layout), frame: frameOf(layout) };
  }

  settleLater() {
    clearTimeout(this.settle);
    this.settle = setTimeout(() => {
      if (this.timer) return this.settleLater();
      this.stopTween();
      const wanted = this.figure();
      this.remember(wanted);
      window.Plotly.react(this.plot, wanted.data, wanted.layout);
    }, GLIDE_MS + 80);
  }

  // Whether the steps differ in more than places: words and colours cannot glide, they are drawn anew.
  repaints() {
    return Object.values(this.frame()).some((arrays) => Object.keys(arrays).some((name) => name !== "x" && name !== "y"));
  }

  animate(duration) {
    if (!window.Plotly || !this.drawn) return;
    if (this.repaints()) return this.draw(false);
    this.glide(window.Plotly, null, duration).catch(() => {});
  }

  glide(Plotly, traces, duration) {
    const standing = this.heading || this.plot.data;
    const next = this.plot.data.map((_, i) => {
      const arrays = traces ? traces[i] : this.frame()[String(i)] || {};
      return { x: arrays.x ?? standing[i].x, y: arrays.y ?? standing[i].y };
    });
    if (JSON.stringify(next) === JSON.stringify(standing.map(({ x, y }) => ({ x, y })))) return Promise.resolve();
    const time = calm() ? 0 : duration;
    this.stopTween();
    if (time && this.plot.data.some((trace) => trace.marker?.pattern)) return this.tween(Plotly, next, time);
    return this.show(Plotly, next, time);
  }

  // Every trace is named: Plotly takes those that are left out of a transition off the page.
  // A new animation replaces the one that runs, so fast steps never queue up; being replaced rejects the old promise.
  show(Plotly, next, time) {
    return Plotly.animate(this.plot, { data: structuredClone(next), traces: next.map((_, i) => i) },
      { mode: "immediate", transition: { duration: time, easing: "cubic-out" }, frame: { duration: time, redraw: false } }).catch(() => {});
  }

  // Plotly's own transition throws at a bar with a pattern and leaves it where it was; so such a chart is moved frame by frame.
  tween(Plotly, next, time) {
    const from = this.plot.data.map(({ x, y }) => ({ x, y }));
    const began = performance.now() - 16; // the first frame moves already
    this.heading = next;
    const tick = () => {
      const part = Math.min((performance.now() - began) / time, 1);
      const eased = 1 - (1 - part) ** 3;
      if (part === 1) this.stopTween();
      else this.ticking = requestAnimationFrame(tick);
      this.show(Plotly, part === 1 ? next : next.map(({ x, y }, i) => ({ x: blend(from[i].x, x, eased), y: blend(from[i].y, y, eased) })), 0);
    };
    tick();
    return Promise.resolve();
  }

  stopTween() {
    cancelAnimationFrame(this.ticking);
    this.heading = null;
  }

  onClick(event) {
    const point = event.points.find((p) => p.curveNumber <= 3 || p.curveNumber === this.data.pick_trace) || event.points[0];
    if (this.data.pick_trace === null || point === undefined) return;
    this.report("picked", point.pointNumber);
  }

  onResize() {
    if (!this.drawn || !this.plot.clientWidth) return;
    const { isCompact, theme, scale } = this;
    this.measure();
    if (isCompact !== this.isCompact || theme !== this.theme || scale !== this.scale) this.draw(true);
    else if (this.plot.clientWidth !== this.width) window.Plotly.Plots.resize(this.plot);
    this.width = this.plot.clientWidth;
  }

  toggleText() {
    const text = this.root.querySelector(".pg-text");
    text.classList.toggle("pg-hidden");
    this.root.querySelector('[data-do="text"]').setAttribute("aria-expanded", String(!text.classList.contains("pg-hidden")));
  }

  async save(format) {
    const Plotly = await loadPlotly();
    const { layout } = this.plot;
    const colours = COLOURS[this.theme];
    await Plotly.downloadImage({ data: this.plot.data, layout: { ...layout, paper_bgcolor: colours.page, title: { text: "" } } },
      { format, scale: format === "png" ? 2 : 1, width: this.plot.clientWidth, height: this.plot.clientHeight, filename: this.data.key });
  }

  close() {
    clearInterval(this.timer);
    clearInterval(this.themeWatch);
    clearTimeout(this.soon);
    clearTimeout(this.settle);
    this.stopTween();
    this.resize.disconnect();
    document.removeEventListener("keydown", this.onKey);
    if (window.Plotly && this.drawn) window.Plotly.purge(this.plot);
  }
}

export default function (component) {
  const root = component.parentElement.querySelector(".pg-lab");
  root.__lab = root.__lab || new Lab(root);
  root.__lab.update(component);
  return () => {
    // Called between runs as well; only a chart that has left the page is taken down.
    setTimeout(() => {
      if (root.isConnected) return;
      root.__lab?.close();
      root.__lab = null;
    }, 0);
  };
}
