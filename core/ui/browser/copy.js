// Copies the page's address: every setting, the seed, the step and the votes are in it.
export default function (component) {
  const button = component.parentElement.querySelector(".pg-copy");
  const say = (text) => {
    button.textContent = text;
    setTimeout(() => (button.textContent = "Copy link"), 1800);
  };
  button.onclick = async () => {
    try {
      await navigator.clipboard.writeText(window.location.href);
      say("Copied");
    } catch {
      // Pages without https may not write to the clipboard; a selected text can still be copied by hand.
      window.prompt("Copy this link:", window.location.href);
    }
  };
}
