// Counts every press of certain buttons here, by mouse or key, and reports all of them as one text that only grows.
// Streamlit keeps one press per button while a run of the page is under way, so quick presses were lost; this text loses none.

class Presses {
  constructor() {
    this.begin();
    this.onClick = (event) => {
      const button = event.target.closest?.("button");
      const letter = button && this.letterOf(([name]) => button.closest(`.st-key-${name}`));
      if (!letter || button.disabled) return;
      this.take(event, letter);
    };
    this.onKey = (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
      if (event.target.closest?.("input, textarea, select, [contenteditable], [role=slider], [role=combobox], [role=option], [role=listbox], [role=radio]")) return;
      if (document.querySelector("[role=dialog]")) return;
      const pressed = event.key.length === 1 ? event.key.toLowerCase() : event.key;
      const letter = this.letterOf(([, key]) => key === pressed);
      if (!letter) return;
      if (event.repeat) this.swallow(event); // a key that is held down is one press
      else this.take(event, letter);
    };
    // Before the page's own listeners, which would take the same press for a second one.
    window.addEventListener("click", this.onClick, true);
    window.addEventListener("keydown", this.onKey, true);
  }

  begin() {
    this.text = `${Math.random().toString(36).slice(2, 10)}:`;
  }

  letterOf(fits) {
    return Object.entries(this.data.buttons).find(([, button]) => fits(button))?.[0];
  }

  swallow(event) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  take(event, letter) {
    this.swallow(event);
    if (this.text.length > 200 && this.data.heard === this.text) this.begin(); // the server has them all
    this.text += letter;
    this.report("pressed", this.text);
  }

  close() {
    window.removeEventListener("click", this.onClick, true);
    window.removeEventListener("keydown", this.onKey, true);
  }
}

export default function (component) {
  const root = component.parentElement;
  root.__presses = root.__presses || new Presses();
  root.setAttribute?.("data-listening", "yes");
  root.__presses.data = component.data;
  root.__presses.report = component.setStateValue;
  return () => {
    // Called between runs as well; only what has left the page is taken down.
    setTimeout(() => {
      if (root.isConnected) return;
      root.__presses?.close();
      root.__presses = null;
    }, 0);
  };
}
