/** The switch of the theme: a form post without script, at once and without a request with it. */

const A_YEAR = 31_536_000;

export function listenToThemes(): void {
  document.addEventListener("click", (event) => {
    const button = (event.target as Element).closest<HTMLButtonElement>("form[data-theme-switch] button");
    if (!button) return;
    event.preventDefault();
    const system = button.value === "system";
    // as the server writes it: crate app, ui/theme.rs
    document.cookie = `theme=${button.value}; Path=/; Max-Age=${system ? 0 : A_YEAR}; SameSite=Lax`;
    if (system) delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = button.value;
    // a page may have two of them, one for each width
    for (const other of document.querySelectorAll<HTMLButtonElement>("form[data-theme-switch] button")) {
      other.setAttribute("aria-pressed", String(other.value === button.value));
    }
  });
}
