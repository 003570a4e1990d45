// Lets the keyboard reach, and so scroll, the box that this stands in.
export default function (component) {
  const box = component.parentElement.closest(component.data.box);
  if (box) box.tabIndex = 0;
}
