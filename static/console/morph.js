// Makes the children of one element like those of another, and keeps every node that
// can stay: so focus, selections, scrolled boxes and open details are not lost.

// Left alone: what a script has drawn, and what somebody is filling in.
const KEPT = "[data-keep]";
// Set by whoever looks at the page, not by the server.
const OWN = { DETAILS: ["open"], INPUT: ["value", "checked"], OPTION: ["selected"] };

export function morph(from, to) {
  const named = new Map();
  for (const each of from.children) if (each.id) named.set(each.id, each);
  let place = from.firstChild;
  for (const wanted of [...to.childNodes]) {
    const found = match(place, wanted, named);
    if (!found) {
      from.insertBefore(wanted, place);
      continue;
    }
    if (found === place) place = place.nextSibling;
    else from.insertBefore(found, place);
    update(found, wanted);
  }
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

function match(place, wanted, named) {
  if (wanted.id) {
    const found = named.get(wanted.id);
    return found && found.nodeName === wanted.nodeName ? found : null;
  }
  const fits = place && place.nodeName === wanted.nodeName && !place.id;
  return fits ? place : null;
}

function update(found, wanted) {
  if (found.nodeType !== Node.ELEMENT_NODE) {
    if (found.nodeValue !== wanted.nodeValue) found.nodeValue = wanted.nodeValue;
    return;
  }
  if (found.matches(KEPT) && wanted.matches(KEPT)) return;
  const own = OWN[found.nodeName] || [];
  for (const { name, value } of wanted.attributes) {
    if (!own.includes(name) && found.getAttribute(name) !== value) {
      found.setAttribute(name, value);
    }
  }
  for (const { name } of [...found.attributes]) {
    if (!own.includes(name) && !wanted.hasAttribute(name)) found.removeAttribute(name);
  }
  if (found.nodeName === "TEXTAREA") return;
  morph(found, wanted);
}
