/** Short words about what something came to, gone by themselves. What they tell of stands in Activity, too. */

const SHOWN_FOR = 7000;
/** Where a page leaves the words for the one that it leads to. */
const LEFT = "toast";

let fading: ReturnType<typeof setTimeout> | undefined;

export function say(words: string): void {
  const toast = document.getElementById("toast");
  const said = toast?.querySelector("[data-words]");
  if (!toast || !said || !words) return;
  said.textContent = words;
  toast.querySelector("[data-close]")?.addEventListener("click", hide, { once: true });
  toast.hidden = false;
  clearTimeout(fading);
  fading = setTimeout(hide, SHOWN_FOR);
}

function hide(): void {
  const toast = document.getElementById("toast");
  if (toast) toast.hidden = true;
}

let leaving = false;

/**
 * Leads on to the page that takes the place of this one, which is gone, and says so there. Once: the answer to a call and
 * the page drawn anew both come to it, and a second way out would cut off the first.
 */
export function leave(words: string, address: string): void {
  if (leaving) return;
  leaving = true;
  sessionStorage.setItem(LEFT, words);
  location.replace(address);
}

export function showWhatWasLeft(): void {
  const left = sessionStorage.getItem(LEFT);
  sessionStorage.removeItem(LEFT);
  if (left) say(left);
}
