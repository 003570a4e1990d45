// Takes the cursor out of a field after an entry, so that the next key is a shortcut.
export default function (component) {
  const { field, count } = component.data;
  const root = component.parentElement;
  const before = root.__count;
  root.__count = count;
  if (before === undefined || before === count) return;
  const active = document.activeElement;
  if (active?.closest(field)) active.blur();
}
