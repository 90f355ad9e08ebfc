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

/** For the page that this one leads to. */
export function leave(words: string): void {
  sessionStorage.setItem(LEFT, words);
}

export function showWhatWasLeft(): void {
  const left = sessionStorage.getItem(LEFT);
  sessionStorage.removeItem(LEFT);
  if (left) say(left);
}
