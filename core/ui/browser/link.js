// Keeps the address in step with the settings, also with those that a preset or a correction has changed.
export default function (component) {
  const wanted = component.data.query;
  if (wanted === component.parentElement.__query) return;
  component.parentElement.__query = wanted;
  const search = wanted ? `?${wanted}` : "";
  if (window.location.search !== search) history.replaceState(history.state, "", window.location.pathname + search + window.location.hash);
}
